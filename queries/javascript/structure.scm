; inherits: _ecma, _jsx

; Declarations of variables.
(variable_declarator name: (_) @let.target value: (_)? @let.value) @let
(using_declaration) @group

; Functions, methods, arrow functions.
[
  (function_declaration "async"? @function.modifier name: (_) @function.name parameters: (_) @function.param
    body: (_) @function.body)
  (function_expression "async"? @function.modifier name: (_)? @function.name parameters: (_) @function.param
    body: (_) @function.body)
  (generator_function_declaration "async"? @function.modifier name: (_) @function.name parameters: (_) @function.param
    body: (_) @function.body)
  (generator_function "async"? @function.modifier name: (_)? @function.name parameters: (_) @function.param
    body: (_) @function.body)
] @function
(arrow_function "async"? @function.modifier parameter: (_) @function.param body: (_) @function.body) @function
(arrow_function "async"? @function.modifier parameters: (_) @function.param body: (_) @function.body) @function
(method_definition decorator: (_)* @function.decorator "static"? @function.modifier "async"? @function.modifier
  ["get" "set"]? @function.modifier name: (_) @function.name parameters: (_) @function.param
  body: (_) @function.body) @function

; Fields.
(field_definition decorator: (_)* @field.decorator "static"? @field.modifier property: (_) @field.name
  value: (_)? @field.value) @field

; Handlers of a try.
(catch_clause parameter: (_)? @catch.target body: (_) @catch.body) @catch
