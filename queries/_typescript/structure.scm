; What TypeScript and TSX share beside _ecma.

; Declarations of variables.
(variable_declarator name: (_) @let.target type: (_)? @let.type value: (_)? @let.value) @let

; Functions, methods, arrow functions; signatures are functions without body.
[
  (function_declaration "async"? @function.modifier name: (_) @function.name parameters: (_) @function.param
    return_type: (_)? @function.returns body: (_) @function.body)
  (function_expression "async"? @function.modifier name: (_)? @function.name parameters: (_) @function.param
    return_type: (_)? @function.returns body: (_) @function.body)
  (generator_function_declaration "async"? @function.modifier name: (_) @function.name parameters: (_) @function.param
    return_type: (_)? @function.returns body: (_) @function.body)
  (generator_function "async"? @function.modifier name: (_)? @function.name parameters: (_) @function.param
    return_type: (_)? @function.returns body: (_) @function.body)
  (function_signature "async"? @function.modifier name: (_) @function.name parameters: (_) @function.param
    return_type: (_)? @function.returns)
] @function
(arrow_function "async"? @function.modifier parameter: (_) @function.param body: (_) @function.body) @function
(arrow_function "async"? @function.modifier parameters: (_) @function.param return_type: (_)? @function.returns
  body: (_) @function.body) @function
(method_definition (accessibility_modifier)? @function.modifier "static"? @function.modifier
  (override_modifier)? @function.modifier "readonly"? @function.modifier "async"? @function.modifier
  ["get" "set"]? @function.modifier name: (_) @function.name parameters: (_) @function.param
  return_type: (_)? @function.returns body: (_) @function.body) @function
(method_signature (accessibility_modifier)? @function.modifier "static"? @function.modifier
  (override_modifier)? @function.modifier "readonly"? @function.modifier "async"? @function.modifier
  ["get" "set"]? @function.modifier name: (_) @function.name parameters: (_) @function.param
  return_type: (_)? @function.returns) @function
(abstract_method_signature (accessibility_modifier)? @function.modifier "abstract" @function.modifier
  (override_modifier)? @function.modifier ["get" "set"]? @function.modifier name: (_) @function.name
  parameters: (_) @function.param return_type: (_)? @function.returns) @function

; Calls of a non-null callee: `a.b!()`.
(call_expression function: (non_null_expression
  (member_expression object: (_) @call.receiver property: (_) @call.name)) arguments: (_) @call.arg) @call
(call_expression function: (non_null_expression (identifier) @call.name) arguments: (_) @call.arg) @call

; `await a.b<T>()`: the grammar puts the `await` inside the call; what runs is the call.
(call_expression function: (await_expression
  (member_expression object: (_) @call.receiver property: (_) @call.name)) arguments: (_) @call.arg) @call
(call_expression function: (await_expression (identifier) @call.name) arguments: (_) @call.arg) @call

; Parameters: names, then destructured ones.
[
  (required_parameter decorator: (_)* @param.decorator (accessibility_modifier)? @param.modifier
    (override_modifier)? @param.modifier "readonly"? @param.modifier pattern: [(identifier) (this)] @param.name
    type: (_)? @param.type value: (_)? @param.value)
  (required_parameter decorator: (_)* @param.decorator (accessibility_modifier)? @param.modifier
    (override_modifier)? @param.modifier "readonly"? @param.modifier pattern: (rest_pattern (identifier) @param.name)
    type: (_)? @param.type value: (_)? @param.value)
  (optional_parameter decorator: (_)* @param.decorator (accessibility_modifier)? @param.modifier
    (override_modifier)? @param.modifier "readonly"? @param.modifier pattern: [(identifier) (this)] @param.name
    type: (_)? @param.type value: (_)? @param.value)
] @param
[
  (required_parameter decorator: (_)* @param.decorator pattern: (_) @param.target type: (_)? @param.type
    value: (_)? @param.value)
  (optional_parameter decorator: (_)* @param.decorator pattern: (_) @param.target type: (_)? @param.type
    value: (_)? @param.value)
] @param

; Classes, interfaces, enums, type aliases.
(abstract_class_declaration decorator: (_)* @class.decorator "abstract" @class.modifier name: (_) @class.name
  (class_heritage)? @class.extends body: (_) @class.body) @class
(interface_declaration name: (_) @class.name (extends_type_clause)? @class.extends body: (_) @class.body) @class
(enum_declaration name: (_) @class.name body: (_) @class.body) @class
(type_alias_declaration name: (_) @class.name value: (object_type) @class.body) @class
(type_alias_declaration name: (_) @class.name value: (_) @class.type) @class
[(interface_body) (object_type) (enum_body)] @block
[(extends_clause) (implements_clause) (extends_type_clause)] @group
[(type_arguments) (type_parameters) (call_signature) (construct_signature) (index_signature)] @skip

; Fields.
(public_field_definition decorator: (_)* @field.decorator (accessibility_modifier)? @field.modifier
  "static"? @field.modifier (override_modifier)? @field.modifier "abstract"? @field.modifier
  "readonly"? @field.modifier name: (_) @field.name type: (_)? @field.type value: (_)? @field.value) @field
(property_signature "readonly"? @field.modifier name: (_) @field.name type: (_)? @field.type) @field
(enum_assignment name: (_) @field.name value: (_) @field.value) @field
[(accessibility_modifier) (override_modifier) "readonly" "abstract"] @modifier

; Handlers of a try.
(catch_clause parameter: (_)? @catch.target type: (_)? @catch.type body: (_) @catch.body) @catch

; Conversions that leave the value as it is.
(as_expression (_) @cast.value "as" (_)? @cast.type) @cast
(satisfies_expression (_) @cast.value "satisfies" (_) @cast.type) @cast
(non_null_expression) @group
(instantiation_expression) @group

; Modules: namespaces are blocks, `import x = require('m')`.
(import_statement (import_require_clause (identifier) @import.alias source: (string) @import.name)) @import
(import_alias (identifier) @import.alias "=" (_) @import.name) @import
[(module name: (_) body: (statement_block)) (internal_module name: (_) body: (statement_block))] @group

; Types: the head without type arguments; a union is its members in order, without null.
[(type_annotation) (union_type) (intersection_type) (parenthesized_type) (optional_type) (rest_type)
 (flow_maybe_type)] @group
(literal_type [(null) (undefined)]) @skip
(generic_type name: (_) @type.name) @type
(array_type (generic_type name: (_) @type.name)) @type
(array_type [(predefined_type) (type_identifier) (nested_type_identifier)] @type.name) @type
(array_type) @group
(readonly_type (array_type (generic_type name: (_) @type.name))) @type
(readonly_type (array_type [(predefined_type) (type_identifier) (nested_type_identifier)] @type.name)) @type
(readonly_type) @type
((function_type) @type (#set! name "function"))
((constructor_type) @type (#set! name "function"))
(conditional_type) @skip
[
  (predefined_type) (type_identifier) (nested_type_identifier) (this_type) (literal_type) (tuple_type) (lookup_type)
  (type_query) (index_type_query) (template_literal_type) (infer_type) (existential_type) (type_predicate) (asserts)
] @type
[(type_predicate_annotation) (asserts_annotation)] @group
