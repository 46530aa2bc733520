; inherits: _typescript, _ecma

; `<T>x`, which TSX does not have.
(type_assertion (type_arguments (_) @cast.type) (_) @cast.value) @cast
