; JSX: an element is opaque; the names and expressions inside stay.

[(jsx_element) (jsx_self_closing_element)] @opaque
(jsx_closing_element) @skip
