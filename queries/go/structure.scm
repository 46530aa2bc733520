; Lowers Go to the neutral model. Conventions: queries/README.md.

; ---- comments and names

(comment) @comment
(identifier) @name
(field_identifier) @name
(package_identifier) @name
(blank_identifier) @name
(iota) @name

; ---- package and imports

(package_clause "package" @import.modifier (package_identifier) @import.name) @import
(import_spec name: (dot) @import.item path: (_) @import.name) @import
(import_spec name: (_)? @import.alias path: (_) @import.name) @import
((dot) @import_item (#set! name "*"))
"package" @modifier

; ---- functions and parameters

; Results without names are types, named ones are parameters.
(function_declaration
  name: (identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (parameter_list (parameter_declaration !name type: (_) @function.returns))
  body: (block)? @function.body) @function
(function_declaration
  name: (identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (_)? @function.returns
  body: (block)? @function.body) @function
(method_declaration
  receiver: (parameter_list) @function.this
  name: (field_identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (parameter_list (parameter_declaration !name type: (_) @function.returns))
  body: (block)? @function.body) @function
(method_declaration
  receiver: (parameter_list) @function.this
  name: (field_identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (_)? @function.returns
  body: (block)? @function.body) @function
(func_literal
  parameters: (parameter_list) @function.param
  result: (parameter_list (parameter_declaration !name type: (_) @function.returns))
  body: (block) @function.body) @function
(func_literal
  parameters: (parameter_list) @function.param
  result: (_)? @function.returns
  body: (block) @function.body) @function
(method_elem
  name: (field_identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (parameter_list (parameter_declaration !name type: (_) @function.returns))) @function
(method_elem
  name: (field_identifier) @function.name
  parameters: (parameter_list) @function.param
  result: (_)? @function.returns) @function

(parameter_list) @group
; `a, b T` is one parameter declaration with two targets.
(parameter_declaration
  name: (identifier) @param.target
  ","
  name: (identifier) @param.target
  type: (_) @param.type) @param
(parameter_declaration name: (identifier)? @param.name type: (_) @param.type) @param
(variadic_parameter_declaration name: (identifier)? @param.name type: (_) @param.type) @param
(type_parameter_list) @skip

; ---- type declarations; an embedded type is a field without a name

(type_spec
  name: (type_identifier) @class.name
  type: (struct_type (field_declaration_list) @class.body)) @class
(type_spec
  name: (type_identifier) @class.name
  type: (interface_type [(method_elem) @class.body (type_elem) @class.extends]*)) @class
(type_spec name: (type_identifier) @class.name type: (_) @class.type) @class
(type_alias name: (type_identifier) @class.name type: (_) @class.type) @class
(field_declaration_list) @block
(field_declaration
  name: (field_identifier) @field.target
  ","
  name: (field_identifier) @field.target
  type: (_) @field.type) @field
(field_declaration name: (field_identifier)? @field.name type: (_) @field.type) @field

; ---- types: the head's name, type arguments and elements nested; pointers are unwrapped

(type_identifier) @type
(qualified_type) @type
(generic_type type: (_) @type.name) @type
(type_instantiation_expression type: (_) @type.name) @type
(pointer_type) @group
(parenthesized_type) @group
(negated_type) @group
(type_elem) @group
((slice_type) @type (#set! name "[]"))
((array_type) @type (#set! name "[]"))
((implicit_length_array_type) @type (#set! name "[]"))
((map_type) @type (#set! name "map"))
((channel_type) @type (#set! name "chan"))
((function_type) @type (#set! name "func"))
((struct_type) @type (#set! name "struct"))
((interface_type) @type (#set! name "interface"))

; ---- declarations and stores

(const_spec
  (identifier) @let.target
  type: (_)? @let.type
  value: (expression_list)? @let.value) @let
(var_spec
  name: (identifier) @let.target
  type: (_)? @let.type
  value: (expression_list)? @let.value) @let
(short_var_declaration left: (expression_list) @let.target right: (expression_list) @let.value) @let
(assignment_statement
  left: (expression_list) @assign.target
  operator: _ @assign.name
  right: (expression_list) @assign.value) @assign
((inc_statement (_) @assign.target) @assign (#set! name "++"))
((dec_statement (_) @assign.target) @assign (#set! name "--"))
((send_statement channel: (_) @assign.target value: (_) @assign.value) @assign (#set! name "<-"))
(receive_statement left: (expression_list) @let.target ":=" right: (_) @let.value) @let
((receive_statement left: (expression_list) @assign.target "=" right: (_) @assign.value) @assign (#set! name "="))
(receive_statement) @group
(expression_list) @group
(expression_statement) @group

; ---- statements

; A block's statements stand in a list of their own, and so do a case's.
(block (statement_list)) @group
(block) @block
(statement_list) @block
(return_statement (_)? @return.value) @return
(break_statement) @break
(continue_statement) @continue
((goto_statement) @continue (#set! name "goto"))
(defer_statement (_) @defer.value) @defer
(go_statement (_) @spawn.value) @spawn

; ---- branches and loops

(if_statement
  initializer: (_)? @if.init
  condition: (_) @if.condition
  consequence: (block) @if.then
  alternative: (_)? @if.else) @if

((for_statement
  (range_clause left: (expression_list)? @loop.target right: (_) @loop.iterable)
  body: (block) @loop.body) @loop
  (#set! name "each"))
((for_statement
  (for_clause initializer: (_)? @loop.init condition: (_)? @loop.condition update: (_)? @loop.update)
  body: (block) @loop.body) @loop
  (#set! name "for"))
((for_statement (_) @loop.condition body: (block) @loop.body) @loop (#set! name "while"))
((for_statement body: (block) @loop.body) @loop (#set! name "while"))

; ---- switches

((expression_switch_statement
  value: (_)? @switch.subject
  [(expression_case) (default_case)]* @switch.case) @switch
  (#set! name "switch"))
((type_switch_statement
  value: (_) @switch.subject
  [(type_case) (default_case)]* @switch.case) @switch
  (#set! name "type"))
((select_statement [(communication_case) (default_case)]* @switch.case) @switch (#set! name "select"))
(expression_case value: (expression_list) @case.value (statement_list)? @case.body) @case
(type_case (_) @case.value ":" (statement_list)? @case.body) @case
(communication_case communication: (_) @case.value (statement_list)? @case.body) @case
(default_case (statement_list)? @case.body) @case

; ---- calls and conversions

(call_expression
  function: (selector_expression operand: (_) @call.receiver field: (field_identifier) @call.name)
  arguments: (argument_list) @call.arg) @call
(call_expression function: (identifier) @call.name arguments: (argument_list) @call.arg) @call
(call_expression function: (type_instantiation_expression type: (_) @call.name) arguments: (argument_list) @call.arg) @call
(call_expression function: (_) @call.callee arguments: (argument_list) @call.arg) @call
(argument_list) @group
(variadic_argument (_) @spread.value) @spread
(type_assertion_expression operand: (_) @cast.value type: (_) @cast.type) @cast
; `f[T](x)` parses as a conversion; a generic function is what it nearly always is.
(type_conversion_expression
  type: (generic_type type: (qualified_type package: (_) @call.receiver name: (_) @call.name))
  operand: (_) @call.arg) @call
(type_conversion_expression type: (generic_type type: (_) @call.name) operand: (_) @call.arg) @call
(type_conversion_expression type: (_) @cast.type operand: (_) @cast.value) @cast

; ---- access

(selector_expression operand: (_) @member.object field: (field_identifier) @member.name) @member
(index_expression operand: (_) @index.object index: (_) @index.key) @index
(slice_expression
  operand: (_) @index.object
  start: (_)? @index.key
  end: (_)? @index.key
  capacity: (_)? @index.key) @index

; ---- operators

(binary_expression left: (_) @binary.operand operator: _ @binary.name right: (_) @binary.operand) @binary
((unary_expression operator: "^" operand: (_) @unary.operand) @unary (#set! name "~"))
(unary_expression operator: _ @unary.name operand: (_) @unary.operand) @unary
(parenthesized_expression) @group

; ---- composite literals

(composite_literal
  type: [(slice_type) (array_type) (implicit_length_array_type)] @list.type
  body: (literal_value) @list.item) @list
(composite_literal type: (_) @record.type body: (literal_value) @record.item) @record
(literal_element (literal_value)) @record
(literal_element) @group
(literal_value) @group
(keyed_element
  key: (literal_element [(identifier) (interpreted_string_literal) (raw_string_literal)] @entry.name)
  value: (_) @entry.value) @entry
(keyed_element key: (_) @entry.key value: (_) @entry.value) @entry

; ---- literals

(interpreted_string_literal) @string
(raw_string_literal) @string
(rune_literal) @string
(int_literal) @number
(float_literal) @number
(imaginary_literal) @number
(true) @boolean
(false) @boolean
(nil) @null
