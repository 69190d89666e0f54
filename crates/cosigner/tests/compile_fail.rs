//! What must not compile: permissions that nobody gave, and permissions used twice.

#[test]
fn misuse_of_permissions_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
