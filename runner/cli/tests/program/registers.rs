//! What the screens list, as text: the vendor register, the alerts.

use crate::support::{Served, empty, stanch, told};

#[test]
fn the_register_and_the_alerts_are_told_as_text() {
    let home = empty();
    let folder = home.path();
    assert!(stanch(folder, &["init", "."]).status.success());
    let server = Served::start(folder);
    let said = |args: &[&str]| {
        let output = stanch(folder, args);
        (output.status.code(), told(args, &output))
    };
    let (code, list) = said(&["vendors", "list"]);
    assert!(code == Some(0) && list.contains("drift") && list.contains("Security"), "{list}");
    let (code, page) = said(&["vendors", "show", "DRIFT"]);
    for words in
        ["for          chat on the website", "call         Security", "owner        Sales Operations"]
    {
        assert!(code == Some(0) && page.contains(words), "{words}\n{page}");
    }
    let (code, nobody) = said(&["vendors", "show", "nobody"]);
    assert!(code == Some(3) && nobody.contains("`stanch vendors list` lists them"), "{nobody}");
    assert_eq!(said(&["alerts"]), (Some(0), "$ stanch alerts\n1> no alerts\nexit 0\n".to_owned()));
    drop(server);
}
