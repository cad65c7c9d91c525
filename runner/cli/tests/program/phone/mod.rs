//! A card on a phone: the page behind a link, in a real browser, without scripts.

mod browser;

use self::browser::{Browser, WIDTH};
use crate::{
    doors::{begun, company, mailed},
    support::{Served, empty, view},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_answered_on_a_phone_without_scripts() {
    let profile = tempfile::tempdir().unwrap();
    let Some(mut phone) = Browser::start(profile.path()).await else {
        println!("skipped: no chromium on this machine");
        return;
    };
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    let run = begun(folder);
    let link = format!("{}{}", server.url(), mailed(&twins, "caro@acme.example").await);

    phone.open(&link).await;
    let asked = phone.page().await;
    assert!(asked.contains("Shall we go?") && asked.contains("Drift"), "{asked}");
    assert!(phone.width().await <= f64::from(WIDTH), "nothing is beside the screen");
    for button in ["button[value=approve]", "button[value=deny]"] {
        let (wide, high) = phone.size(button).await;
        assert!(wide >= 44.0 && high >= 44.0, "a thumb hits {button}: {wide} x {high}");
    }
    phone.picture("card.png").await;

    phone.write("#why", "seen").await;
    phone.touch("button[value=approve]").await;
    let untyped = phone.page().await;
    assert!(untyped.contains("a yes needs drift to be typed"), "{untyped}");
    phone.picture("untyped.png").await;
    phone.write("#typed", "Drift").await;
    phone.write("#why", "seen on the way").await;
    phone.touch("button[value=approve]").await;
    let said = phone.page().await;
    assert!(said.contains("approve") && !said.contains("<form"), "{said}");
    assert!(phone.width().await <= f64::from(WIDTH));
    phone.picture("said.png").await;

    let seen = view(folder, &run, |view| view.waits[0].decisions.len() == 1).await;
    let decision = &seen.waits[0].decisions[0];
    assert_eq!((decision.who.as_str(), decision.channel.as_str()), ("caro", "web"));
    phone.open(&link).await;
    assert!(phone.page().await.contains("You said approve at"), "the link is spent");
}
