; inherits: _typescript, _ecma, _jsx
