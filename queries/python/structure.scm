; Lowers Python to the neutral model. Conventions: queries/README.md.

; ---- comments and names

(comment) @comment
((identifier) @this (#eq? @this "self"))
; The class of the current object holds what all of its objects share.
((attribute attribute: (identifier) @_class) @this (#eq? @_class "__class__"))
(identifier) @name

; ---- imports

; `import a, b` has no module of its own: its items are modules.
(import_statement name: (_) @import.item "," name: (_) @import.item) @import
(import_statement name: (aliased_import name: (dotted_name) @import.name alias: (identifier) @import.alias)) @import
(import_statement name: (dotted_name) @import.name) @import
(import_from_statement module_name: (_) @import.name (wildcard_import) @import.item) @import
(import_from_statement module_name: (_) @import.name name: (_) @import.item) @import
((future_import_statement name: (_) @import.item) @import (#set! name "__future__"))
(aliased_import name: (dotted_name) @import_item.name alias: (identifier) @import_item.alias) @import_item
(dotted_name) @import_item
(wildcard_import) @import_item

; ---- functions, lambdas, parameters

(function_definition
  "async"? @function.modifier
  name: (identifier) @function.name
  parameters: (parameters) @function.param
  return_type: (type)? @function.returns
  body: (block) @function.body) @function

(decorated_definition
  (decorator)+ @function.decorator
  definition: (function_definition
    "async"? @function.modifier
    name: (identifier) @function.name
    parameters: (parameters) @function.param
    return_type: (type)? @function.returns
    body: (block) @function.body)) @function

(lambda parameters: (lambda_parameters)? @function.param body: (_) @function.body) @function

(parameters) @group
(lambda_parameters) @group
(typed_parameter (identifier) @param.name type: (type) @param.type) @param
(typed_parameter (list_splat_pattern (identifier) @param.name) type: (type) @param.type) @param
(typed_parameter (dictionary_splat_pattern (identifier) @param.name) type: (type) @param.type) @param
(default_parameter name: (identifier) @param.name value: (_) @param.value) @param
(default_parameter name: (_) @param.target value: (_) @param.value) @param
(typed_default_parameter name: (identifier) @param.name type: (type) @param.type value: (_) @param.value) @param
(keyword_separator) @skip
(positional_separator) @skip

"async" @modifier

; ---- classes and type aliases; a generic base is its head

(class_definition
  name: (identifier) @class.name
  superclasses: (argument_list [
    (subscript value: (_) @class.extends)
    [(identifier) (attribute) (call) (keyword_argument) (list_splat)] @class.extends
  ]*)?
  body: (block) @class.body) @class

(decorated_definition
  (decorator)+ @class.decorator
  definition: (class_definition
    name: (identifier) @class.name
    superclasses: (argument_list [
      (subscript value: (_) @class.extends)
      [(identifier) (attribute) (call) (keyword_argument) (list_splat)] @class.extends
    ]*)?
    body: (block) @class.body)) @class

(type_alias_statement left: (type (identifier) @class.name) right: (type) @class.type) @class
(type_alias_statement left: (type (generic_type (identifier) @class.name)) right: (type) @class.type) @class

; ---- decorators

(decorator (call
  function: (attribute object: (_) @decorator.receiver attribute: (identifier) @decorator.name)
  arguments: (argument_list) @decorator.arg)) @decorator
(decorator (call function: (identifier) @decorator.name arguments: (argument_list) @decorator.arg)) @decorator
(decorator (attribute object: (_) @decorator.receiver attribute: (identifier) @decorator.name)) @decorator
(decorator (identifier) @decorator.name) @decorator
(decorator) @decorator

; ---- types: the head's name, type arguments nested; `Optional[X]`, `Final[X]` are X, a union is several types

((type (generic_type (identifier) @_wrapper (type_parameter (type [
    (identifier) @type.name
    (attribute) @type.name
    (string (string_content) @type.name)
    (generic_type (identifier) @type.name)
  ])))) @type
  (#any-of? @_wrapper "Optional" "Final" "ClassVar"))
((type (subscript value: (attribute attribute: (identifier) @_wrapper) subscript: (_) @type.name)) @type
  (#any-of? @_wrapper "Optional" "Final" "ClassVar"))
(type (identifier) @type.name) @type
(type (generic_type (identifier) @type.name)) @type
(type (union_type)) @group
(type (binary_operator left: (_) @type.name)) @type
(type (subscript value: (_) @type.name)) @type
(type (string (string_content) @type.name)) @type
(type) @type
(union_type) @group

; ---- statements

(block) @block
(return_statement (_)? @return.value) @return
(raise_statement (_) @throw.value cause: (_)) @throw
(raise_statement (_)? @throw.value) @throw
(break_statement) @break
(continue_statement) @continue
((delete_statement (_) @unary.operand) @unary (#set! name "delete"))
((assert_statement (_) @call.arg) @call (#set! name "assert"))
((print_statement (chevron (_) @call.arg)? argument: (_)* @call.arg) @call (#set! name "print"))
((exec_statement code: (_) @call.arg) @call (#set! name "exec"))
(global_statement "global" @let.modifier (identifier) @let.target) @let
(nonlocal_statement "nonlocal" @let.modifier (identifier) @let.target) @let
"global" @modifier
"nonlocal" @modifier

; ---- stores; a store with a written type to a plain name is a declaration

(assignment left: (identifier) @let.target type: (type) @let.type right: (_)? @let.value) @let
((assignment left: (_) @assign.target type: (type)? @assign.type right: (_)? @assign.value) @assign
  (#set! name "="))
(augmented_assignment left: (_) @assign.target operator: _ @assign.name right: (_) @assign.value) @assign
((named_expression name: (_) @assign.target value: (_) @assign.value) @assign (#set! name "="))
(pattern_list) @group
(tuple_pattern) @list
(list_pattern) @list
(list_splat_pattern (_) @spread.value) @spread
(dictionary_splat_pattern (_) @spread.value) @spread

; ---- branches and loops

(if_statement
  condition: (_) @if.condition
  consequence: (block) @if.then
  alternative: (_)* @if.else) @if
(elif_clause condition: (_) @if.condition consequence: (block) @if.then) @if
(else_clause) @group

((while_statement
  condition: (_) @loop.condition
  body: (block) @loop.body
  alternative: (_)? @loop.else) @loop
  (#set! name "while"))
((for_statement
  left: (_) @loop.target
  right: (_) @loop.iterable
  body: (block) @loop.body
  alternative: (_)? @loop.else) @loop
  (#set! name "each"))

; ---- match

((match_statement subject: (_) @switch.subject body: (block (case_clause)* @switch.case)) @switch
  (#set! name "switch"))
(case_clause (case_pattern "_") guard: (_)? @case.condition consequence: (block) @case.body) @case
(case_clause (case_pattern)+ @case.value guard: (_)? @case.condition consequence: (block) @case.body) @case
((case_pattern "-" [(integer) (float)] @unary.operand) @unary (#set! name "-"))
(case_pattern (dotted_name) @name.name) @name
(case_pattern) @group
(union_pattern (dotted_name) @name.name) @name
(union_pattern) @list
(class_pattern (dotted_name) @call.name (case_pattern)* @call.arg) @call
(keyword_pattern (identifier) @argument.name (_) @argument.value) @argument
(splat_pattern (identifier)? @spread.value) @spread
(dict_pattern) @record

; ---- try, with

(try_statement
  body: (block) @try.body
  (except_clause)* @try.catch
  (else_clause)? @try.else
  (finally_clause)? @try.finally) @try
(except_clause
  value: (as_pattern (tuple (_) @catch.type) alias: (as_pattern_target (_) @catch.target))
  (block) @catch.body) @catch
(except_clause
  value: (as_pattern (_) @catch.type alias: (as_pattern_target (_) @catch.target))
  (block) @catch.body) @catch
(except_clause value: (tuple (_) @catch.type) alias: (_)? @catch.target (block) @catch.body) @catch
(except_clause value: (_)? @catch.type alias: (_)? @catch.target (block) @catch.body) @catch
(finally_clause) @group

(with_statement
  "async"? @with.name
  (with_clause (with_item)+ @with.item)
  body: (block) @with.body) @with
(with_item value: (as_pattern (_) @with_item.value alias: (as_pattern_target (_) @with_item.target))) @with_item
(with_item value: (_) @with_item.value) @with_item

; ---- calls

(call
  function: (attribute object: (_) @call.receiver attribute: (identifier) @call.name)
  arguments: (_) @call.arg) @call
(call function: (identifier) @call.name arguments: (_) @call.arg) @call
(call function: (_) @call.callee arguments: (_) @call.arg) @call
(argument_list) @group
(keyword_argument name: (identifier) @argument.name value: (_) @argument.value) @argument
(list_splat (_) @spread.value) @spread
(dictionary_splat (_) @spread.value) @spread
(parenthesized_list_splat) @group

; ---- access

(attribute object: (_) @member.object attribute: (identifier) @member.name) @member
(subscript value: (_) @index.object subscript: (_) @index.key) @index
(slice) @group

; ---- operators

(binary_operator left: (_) @binary.operand operator: _ @binary.name right: (_) @binary.operand) @binary
((boolean_operator left: (_) @binary.operand operator: "and" right: (_) @binary.operand) @binary (#set! name "&&"))
((boolean_operator left: (_) @binary.operand operator: "or" right: (_) @binary.operand) @binary (#set! name "||"))
((comparison_operator (_) @binary.operand operators: "is" (_) @binary.operand) @binary (#set! name "=="))
((comparison_operator (_) @binary.operand operators: "is not" (_) @binary.operand) @binary (#set! name "!="))
((comparison_operator (_) @binary.operand operators: "<>" (_) @binary.operand) @binary (#set! name "!="))
((comparison_operator (_) @binary.operand operators: "not in" (_) @binary.operand) @binary (#set! name "!in"))
(comparison_operator (_) @binary.operand operators: _ @binary.name (_) @binary.operand) @binary
((not_operator argument: (_) @unary.operand) @unary (#set! name "!"))
(unary_operator operator: _ @unary.name argument: (_) @unary.operand) @unary
(conditional_expression) @conditional
(await (_) @await.value) @await
((yield "from" (_) @unary.operand) @unary (#set! name "yield*"))
((yield (_)? @unary.operand) @unary (#set! name "yield"))
(parenthesized_expression) @group
(expression_list) @group
(expression_statement) @group
(as_pattern (case_pattern) @with_item.value (identifier) @with_item.target) @with_item
(as_pattern (_) @with_item.value alias: (as_pattern_target (_) @with_item.target)) @with_item

; ---- comprehensions: one value, and in it what they go over and what they ask of each part

((for_in_clause
  left: (_) @loop.target
  right: (_) @loop.iterable) @loop
  (#set! name "each"))
(if_clause (_) @if.condition) @if
(list_comprehension) @opaque
(dictionary_comprehension) @opaque
(set_comprehension) @opaque
(generator_expression) @opaque

; ---- literals

(concatenated_string (string (string_content) @string.name)) @string
(string) @string
(string_content) @skip
(interpolation) @group
(format_specifier) @group
(format_expression) @group
(type_conversion) @skip
(integer) @number
(float) @number
((true) @boolean (#set! name "true"))
((false) @boolean (#set! name "false"))
(none) @null
(dictionary) @record
(pair key: (string) @entry.name value: (_) @entry.value) @entry
(pair key: (_) @entry.key value: (_) @entry.value) @entry
(list) @list
(set) @list
(tuple) @list
