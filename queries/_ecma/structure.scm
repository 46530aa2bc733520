; What JavaScript, TypeScript and TSX share.

; Comments, wrappers and what is not looked into.
(comment) @comment
[
  (parenthesized_expression) (expression_statement) (sequence_expression) (labeled_statement) (arguments)
  (formal_parameters) (else_clause) (finally_clause) (switch_body) (class_heritage) (template_substitution)
  (computed_property_name) (lexical_declaration) (variable_declaration) (named_imports) (export_clause)
] @group
[(empty_statement) (statement_identifier) (import_attribute) (hash_bang_line)] @skip

; Calls; a tagged template is a call with the template as its argument.
(call_expression function: (member_expression object: (_) @call.receiver property: (_) @call.name)
  arguments: (_) @call.arg) @call
(call_expression function: [(identifier) (super) (import)] @call.name arguments: (_) @call.arg) @call
; `(0, m.f)(x)`: how compiled modules call an import.
(call_expression
  function: (parenthesized_expression (sequence_expression (number)
    (member_expression object: (_) @call.receiver property: (_) @call.name)))
  arguments: (_) @call.arg) @call
(call_expression function: (_) @call.callee arguments: (_) @call.arg) @call
(new_expression constructor: [(identifier) (member_expression)] @new.type arguments: (_)? @new.arg) @new
(new_expression constructor: (_) @new.callee arguments: (_)? @new.arg) @new
(spread_element (_) @spread.value) @spread

; Names, members, indexes.
(identifier) @name
[(super) (import) (meta_property) (private_property_identifier)] @name
(this) @this
(member_expression object: (_) @member.object property: (_) @member.name) @member
(subscript_expression object: (_) @index.object index: (_) @index.key) @index

; Literals.
[(string) (template_string) (regex)] @string
(number) @number
[(true) (false)] @boolean
[(null) (undefined)] @null
(array) @list
(object) @record
(pair key: [(property_identifier) (private_property_identifier) (string) (number)] @entry.name
  value: (_) @entry.value) @entry
(pair key: (_) @entry.key value: (_) @entry.value) @entry
(shorthand_property_identifier) @entry

; Operators, in C's spelling.
((binary_expression left: (_) @binary.operand operator: "===" right: (_) @binary.operand) @binary (#set! name "=="))
((binary_expression left: (_) @binary.operand operator: "!==" right: (_) @binary.operand) @binary (#set! name "!="))
(binary_expression left: (_) @binary.operand operator: _ @binary.name right: (_) @binary.operand) @binary
(unary_expression operator: _ @unary.name argument: (_) @unary.operand) @unary
(yield_expression "yield" @unary.name (_)? @unary.operand) @unary
(await_expression (_) @await.value) @await
(ternary_expression condition: (_) @conditional.condition consequence: (_) @conditional.then
  alternative: (_) @conditional.else) @conditional

; Stores.
((assignment_expression left: (_) @assign.target right: (_) @assign.value) @assign (#set! name "="))
(augmented_assignment_expression left: (_) @assign.target operator: _ @assign.name right: (_) @assign.value) @assign
(update_expression argument: (_) @assign.target operator: _ @assign.name) @assign
(update_expression operator: _ @assign.name argument: (_) @assign.target) @assign

; Destructuring: records and lists of targets; a target with a default is a param.
(object_pattern) @record
(array_pattern) @list
(shorthand_property_identifier_pattern) @entry
(pair_pattern key: [(property_identifier) (private_property_identifier) (string) (number)] @entry.name
  value: (_) @entry.value) @entry
(pair_pattern key: (_) @entry.key value: (_) @entry.value) @entry
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @param.name right: (_) @param.value) @param
(object_assignment_pattern left: (_) @param.target right: (_) @param.value) @param
(assignment_pattern left: (identifier) @param.name right: (_) @param.value) @param
(assignment_pattern left: (_) @param.target right: (_) @param.value) @param
(rest_pattern (_) @spread.value) @spread

; Statements.
[(statement_block) (class_body)] @block
(if_statement condition: (_) @if.condition consequence: (_) @if.then alternative: (_)? @if.else) @if
(return_statement (_)? @return.value) @return
(throw_statement (_) @throw.value) @throw
(break_statement) @break
(continue_statement) @continue
(switch_statement "switch" @switch.name value: (_) @switch.subject body: (_) @switch.case) @switch
(switch_case value: (_) @case.value ":" (_)* @case.body) @case
(switch_default ":" (_)* @case.body) @case
(with_statement "with" @with.name object: (_) @with.item body: (_) @with.body) @with

; Loops.
((for_in_statement left: (_) @loop.target right: (_) @loop.iterable body: (_) @loop.body) @loop (#set! name "each"))
(for_statement "for" @loop.name initializer: (_) @loop.init condition: (_) @loop.condition
  increment: (_)? @loop.update body: (_) @loop.body) @loop
(while_statement "while" @loop.name condition: (_) @loop.condition body: (_) @loop.body) @loop
(do_statement "do" @loop.name body: (_) @loop.body condition: (_) @loop.condition) @loop

; try.
(try_statement body: (_) @try.body handler: (_)? @try.catch finalizer: (_)? @try.finally) @try

; Classes; decorators of methods stand before them in the class's block.
[
  (class_declaration decorator: (_)* @class.decorator name: (_) @class.name (class_heritage)? @class.extends
    body: (_) @class.body)
  (class decorator: (_)* @class.decorator name: (_)? @class.name (class_heritage)? @class.extends
    body: (_) @class.body)
] @class
(class_static_block "static" @function.modifier body: (_) @function.body) @function
(decorator (identifier) @decorator.name) @decorator
(decorator (member_expression object: (_) @decorator.receiver property: (_) @decorator.name)) @decorator
(decorator (call_expression function: (identifier) @decorator.name arguments: (_) @decorator.arg)) @decorator
(decorator (call_expression function: (member_expression object: (_) @decorator.receiver property: (_) @decorator.name)
  arguments: (_) @decorator.arg)) @decorator
["async" "static" "get" "set" "export"] @modifier

; Imports, and exports of what another module has.
; Beside named imports, a default import is the module's alias.
(import_statement (import_clause (identifier) @import.alias [(named_imports) (namespace_import)] @import.item)
  source: (string) @import.name) @import
(import_statement (import_clause) @import.item source: (string) @import.name) @import
(import_statement source: (string) @import.name) @import
((import_clause (identifier) @import_item.alias) @import_item (#set! name "default"))
(import_clause) @group
((namespace_import (identifier) @import_item.alias) @import_item (#set! name "*"))
(import_specifier name: (_) @import_item.name alias: (_)? @import_item.alias) @import_item
(export_statement "export" @import.modifier [(export_clause) (namespace_export)]? @import.item
  source: (string) @import.name) @import
(export_statement (export_clause) !source) @skip
((namespace_export (_) @import_item.alias) @import_item (#set! name "*"))
(export_specifier name: (_) @import_item.name alias: (_)? @import_item.alias) @import_item
