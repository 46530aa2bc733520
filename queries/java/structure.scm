; Java: shapes of the language.

; Comments, wrappers and what is not looked into.
[(line_comment) (block_comment)] @comment
[
  (parenthesized_expression) (expression_statement) (labeled_statement) (argument_list) (annotation_argument_list)
  (formal_parameters) (inferred_parameters) (modifiers) (superclass) (super_interfaces) (extends_interfaces)
  (type_list) (finally_clause) (resource_specification) (switch_block) (switch_label) (string_interpolation)
  (pattern) (record_pattern_body)
] @group
[(type_arguments) (type_parameters) (throws) (permits) (receiver_parameter) (dimensions) (module_body)] @skip

; Calls.
(method_invocation !object name: (_) @call.name arguments: (_) @call.arg) @call
(method_invocation object: (_) @call.receiver name: (_) @call.name arguments: (_) @call.arg) @call
(explicit_constructor_invocation object: (_)? @call.receiver constructor: (_) @call.name
  arguments: (_) @call.arg) @call
(template_expression template_processor: (_) @call.receiver template_argument: (_) @call.arg) @call
(assert_statement "assert" @call.name (_)+ @call.arg) @call

; Constructions: objects, anonymous classes, arrays.
(object_creation_expression type: (_) @new.type arguments: (_) @new.arg (class_body)? @new.body) @new
(array_creation_expression type: (_) @list.type value: (array_initializer (_)* @list.item)) @list
(array_creation_expression type: (_) @new.type dimensions: (dimensions_expr (_) @new.arg)+) @new
[(array_initializer) (element_value_array_initializer)] @list

; Names, members, indexes.
(identifier) @name
(underscore_pattern) @name
(super) @name
(this) @this
(field_access object: (_) @member.object field: (_) @member.name) @member
(scoped_identifier scope: (_) @member.object name: (_) @member.name) @member
(method_reference (_) @member.object "::" [(identifier) "new"] @member.name) @member
((class_literal (_) @member.object) @member (#set! name "class"))
(array_access array: (_) @index.object index: (_) @index.key) @index

; Literals.
[(string_literal) (character_literal)] @string
[
  (decimal_integer_literal) (hex_integer_literal) (octal_integer_literal) (binary_integer_literal)
  (decimal_floating_point_literal) (hex_floating_point_literal)
] @number
[(true) (false)] @boolean
(null_literal) @null

; Operators.
(binary_expression left: (_) @binary.operand operator: _ @binary.name right: (_) @binary.operand) @binary
(unary_expression operator: _ @unary.name operand: (_) @unary.operand) @unary
(instanceof_expression left: (_) @binary.operand "instanceof" @binary.name right: (_) @binary.operand) @binary
(instanceof_expression left: (_) @binary.operand "instanceof" @binary.name pattern: (_) @binary.operand) @binary
(ternary_expression condition: (_) @conditional.condition consequence: (_) @conditional.then
  alternative: (_) @conditional.else) @conditional
(cast_expression type: (_) @cast.type value: (_) @cast.value) @cast
(assignment_expression left: (_) @assign.target operator: _ @assign.name right: (_) @assign.value) @assign
(update_expression (_) @assign.target ["++" "--"] @assign.name) @assign
(update_expression ["++" "--"] @assign.name (_) @assign.target) @assign

; Local variables: several declarators are several lets.
(local_variable_declaration declarator: (_) "," declarator: (_)) @group
(local_variable_declaration (modifiers)? @let.modifier type: (_) @let.type
  declarator: (variable_declarator name: (_) @let.target value: (_)? @let.value)) @let
(variable_declarator name: (_) @let.target value: (_)? @let.value) @let

; Statements.
[(block) (constructor_body) (class_body) (interface_body) (enum_body) (annotation_type_body)] @block
(if_statement condition: (_) @if.condition consequence: (_)? @if.then alternative: (_)? @if.else) @if
(return_statement (_)? @return.value) @return
(throw_statement (_) @throw.value) @throw
(yield_statement "yield" @unary.name (_) @unary.operand) @unary
(break_statement) @break
(continue_statement) @continue

; Loops.
((enhanced_for_statement name: (_) @loop.target value: (_) @loop.iterable body: (_)? @loop.body) @loop
  (#set! name "each"))
(for_statement "for" @loop.name init: (_)* @loop.init condition: (_)? @loop.condition update: (_)* @loop.update
  body: (_)? @loop.body) @loop
(while_statement "while" @loop.name condition: (_) @loop.condition body: (_)? @loop.body) @loop
((do_statement body: (_)? @loop.body condition: (_) @loop.condition) @loop (#set! name "do"))

; try, resources, locks.
(try_statement body: (_) @try.body (catch_clause)* @try.catch (finally_clause)? @try.finally) @try
(try_with_resources_statement resources: (_) @try.item body: (_) @try.body (catch_clause)* @try.catch
  (finally_clause)? @try.finally) @try
(catch_clause (catch_formal_parameter (catch_type (_) @catch.type) name: (_) @catch.target)
  body: (_) @catch.body) @catch
(resource type: (_) @with_item.type name: (_) @with_item.target value: (_) @with_item.value) @with_item
(resource [(identifier) (field_access)] @with_item.value) @with_item
(synchronized_statement "synchronized" @with.name (parenthesized_expression) @with.item body: (_) @with.body) @with

; switch: groups of statements and arrow rules.
(switch_expression "switch" @switch.name condition: (_) @switch.subject body: (_) @switch.case) @switch
(switch_rule (switch_label (pattern) @case.value (guard (_) @case.condition)) "->" (_) @case.body) @case
(switch_rule (switch_label (_)* @case.value) "->" (_) @case.body) @case
(switch_block_statement_group (switch_label (pattern) @case.value (guard (_) @case.condition))
  [
    (assert_statement) (block) (break_statement) (class_declaration) (continue_statement) (do_statement)
    (enhanced_for_statement) (expression_statement) (for_statement) (if_statement) (labeled_statement)
    (local_variable_declaration) (record_declaration) (return_statement) (switch_expression) (synchronized_statement)
    (throw_statement) (try_statement) (try_with_resources_statement) (while_statement) (yield_statement)
  ]* @case.body) @case
(switch_block_statement_group (switch_label (_)* @case.value)+
  [
    (assert_statement) (block) (break_statement) (class_declaration) (continue_statement) (do_statement)
    (enhanced_for_statement) (expression_statement) (for_statement) (if_statement) (labeled_statement)
    (local_variable_declaration) (record_declaration) (return_statement) (switch_expression) (synchronized_statement)
    (throw_statement) (try_statement) (try_with_resources_statement) (while_statement) (yield_statement)
  ]* @case.body) @case
(type_pattern (_) @let.type (identifier) @let.target) @let
(record_pattern [(identifier) (generic_type)] @record.type (record_pattern_body) @record.item) @record
(record_pattern_component (_) @let.type (identifier) @let.target) @let

; Functions: methods, constructors, lambdas, static initialisers.
(method_declaration (modifiers)? @function.modifier type: (_) @function.returns name: (_) @function.name
  parameters: (_) @function.param body: (_)? @function.body) @function
(constructor_declaration (modifiers)? @function.modifier name: (_) @function.name parameters: (_) @function.param
  body: (_) @function.body) @function
(compact_constructor_declaration (modifiers)? @function.modifier name: (_) @function.name
  body: (_) @function.body) @function
(annotation_type_element_declaration (modifiers)? @function.modifier type: (_) @function.returns
  name: (_) @function.name) @function
(static_initializer "static" @function.modifier (block) @function.body) @function
(lambda_expression parameters: (_) @function.param body: (_) @function.body) @function
(formal_parameter (modifiers)? @param.modifier type: (_) @param.type name: (_) @param.name) @param
(spread_parameter (modifiers)? @param.modifier
  [
    (array_type) (boolean_type) (floating_point_type) (generic_type) (integral_type) (scoped_type_identifier)
    (type_identifier)
  ] @param.type
  (variable_declarator name: (_) @param.name)) @param

; Classes, interfaces, enums, records, annotation types and their fields.
(class_declaration (modifiers)? @class.modifier name: (_) @class.name superclass: (_)? @class.extends
  interfaces: (_)? @class.extends body: (_) @class.body) @class
(interface_declaration (modifiers)? @class.modifier name: (_) @class.name (extends_interfaces)? @class.extends
  body: (_) @class.body) @class
(enum_declaration (modifiers)? @class.modifier name: (_) @class.name interfaces: (_)? @class.extends
  body: (_) @class.body) @class
(record_declaration (modifiers)? @class.modifier name: (_) @class.name interfaces: (_)? @class.extends
  body: (_) @class.body) @class
(annotation_type_declaration (modifiers)? @class.modifier name: (_) @class.name body: (_) @class.body) @class
(enum_constant (modifiers)? @field.modifier name: (_) @field.name arguments: (_)? @field.value) @field
[
  (field_declaration (modifiers)? @field.modifier type: (_) @field.type
    declarator: (variable_declarator name: (_) @field.target value: (_)? @field.value)
    "," declarator: (variable_declarator name: (_) @field.target value: (_)? @field.value))
  (constant_declaration (modifiers)? @field.modifier type: (_) @field.type
    declarator: (variable_declarator name: (_) @field.target value: (_)? @field.value)
    "," declarator: (variable_declarator name: (_) @field.target value: (_)? @field.value))
] @field
[
  (field_declaration (modifiers)? @field.modifier type: (_) @field.type
    declarator: (variable_declarator name: (_) @field.name value: (_)? @field.value))
  (constant_declaration (modifiers)? @field.modifier type: (_) @field.type
    declarator: (variable_declarator name: (_) @field.name value: (_)? @field.value))
] @field

; Annotations and modifiers.
[(marker_annotation name: (identifier) @decorator.name)
 (annotation name: (identifier) @decorator.name arguments: (_) @decorator.arg)] @decorator
[(marker_annotation name: (scoped_identifier scope: (_) @decorator.receiver name: (_) @decorator.name))
 (annotation name: (scoped_identifier scope: (_) @decorator.receiver name: (_) @decorator.name)
   arguments: (_) @decorator.arg)] @decorator
(element_value_pair key: (_) @argument.name value: (_) @argument.value) @argument
[
  "public" "protected" "private" "abstract" "static" "final" "strictfp" "synchronized" "native" "transient"
  "volatile" "sealed" "non-sealed" "package"
] @modifier

; Package and imports.
(package_declaration "package" @import.modifier [(identifier) (scoped_identifier)] @import.name) @import
(import_declaration "static"? @import.modifier [(identifier) (scoped_identifier)] @import.name
  (asterisk) @import.item) @import
(import_declaration "static"? @import.modifier
  (scoped_identifier scope: (_) @import.name name: (_) @import.item)) @import
(import_declaration (identifier) @import.name) @import
(asterisk) @import_item

; Types: the head without type arguments.
(generic_type [(type_identifier) (scoped_type_identifier)] @type.name) @type
(array_type element: (generic_type [(type_identifier) (scoped_type_identifier)] @type.name)) @type
(array_type element: (_) @type.name) @type
(annotated_type
  [
    (array_type) (boolean_type) (floating_point_type) (generic_type) (integral_type) (scoped_type_identifier)
    (type_identifier)
  ] @type.name) @type
[
  (type_identifier) (scoped_type_identifier) (integral_type) (floating_point_type) (boolean_type) (void_type)
] @type
