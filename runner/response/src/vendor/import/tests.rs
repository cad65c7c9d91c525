use super::*;

const REGISTER: &str = "\
# whom to call

drift:
  name: Drift
  apps: [drift]                       # as Okta knows it
  contacts:                           # first rung first
    - { name: Security, mail: security@drift.example }
  owner: Sales                        # not Kim any more

zendesk: { name: Zendesk, contacts: [{ mail: s@zendesk.example }] }   # small
";

fn merged(csv: &str) -> Merged {
    merge("vendors.yaml", REGISTER, csv, &[]).unwrap_or_else(|why| panic!("{why:?}"))
}

#[test]
fn rows_add_to_the_register_and_change_nothing_that_it_says() {
    let csv = "\
Vendor,Owner,Apps,Contact Mail,Contact Name,SOC2,they notify within,Legal Entity
Drift,Marketing,\"drift; 0oa1\",kim@drift.example,Kim,2026-06-30,48h,\"Drift.com, Inc.\"
zendesk,Support,zendesk,s@zendesk.example,,,,
Acme Mail,IT,acme,soc@acmemail.example,SOC,2026-01-31,,
";
    let merged = merged(csv);
    insta::assert_snapshot!(merged.text);
    assert_eq!(
        (merged.added, merged.extended),
        (vec!["acme-mail".into()], vec!["drift".into(), "zendesk".into()])
    );
    let kept: Vec<_> = merged.kept.iter().map(|kept| (kept.vendor.as_str(), kept.field.as_str())).collect();
    assert_eq!(kept, [("drift", "owner")]);
    // a second time there is nothing left to say
    let again = merge("vendors.yaml", &merged.text, csv, &[]).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!((again.text, again.added.len(), again.extended.len()), (merged.text, 0, 0));
}

#[test]
fn every_mistake_is_named_with_its_row_and_column_and_nothing_is_merged() {
    let csv = "\
vendor;mail;review due;tier;status
drift;s@drift.example;soon;1;activ
new;nobody;2026-11-01;one;active
;x@y.example;;;
newer;;;;
";
    let Err(Refused::Rows(wrong)) = merge("vendors.yaml", REGISTER, csv, &[]) else {
        panic!("it was merged")
    };
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_column_that_is_not_understood_is_named_and_can_be_told_or_left_out() {
    let csv = "vendor,Sec Mail,Colour,onwer\nx,s@x.example,red,Ana\n";
    let Err(Refused::Rows(wrong)) = merge("vendors.yaml", "", csv, &[]) else { panic!("it was merged") };
    assert_eq!(wrong.len(), 3);
    assert!(wrong[2].to_string().contains("did you mean `owner`?"), "{}", wrong[2]);
    let told = [("Sec Mail", "contact_mail"), ("colour", "-"), ("onwer", "owner")];
    let told = told.map(|(from, to)| (from.to_owned(), to.to_owned()));
    let merged = merge("vendors.yaml", "# mine\n", csv, &told).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!(merged.text, "# mine\n\nx:\n  owner: Ana\n  contacts:\n    - { mail: s@x.example }\n");
}

#[test]
fn a_secret_never_comes_into_the_register() {
    let csv = "vendor,mail,secrets given\nx,s@x.example,AKIAIOSFODNN7EXAMPLE\n";
    let Err(Refused::Rows(wrong)) = merge("vendors.yaml", "", csv, &[]) else { panic!("it was merged") };
    assert!(!wrong[0].to_string().contains("AKIA") && wrong[0].why.contains("secret itself"), "{}", wrong[0]);
}

#[test]
fn two_vendors_that_claim_one_app_are_refused_after_the_merge() {
    let csv = "vendor,mail,apps\nnew,s@new.example,drift\n";
    let merged = merge("vendors.yaml", REGISTER, csv, &[]);
    assert!(matches!(&merged, Err(Refused::Register(found)) if found[0].code == "VN0002"), "{merged:?}");
}
