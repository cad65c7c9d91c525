//! The name of a user of this machine.

/// The name of this user in the machine's own list, or `uid:1000` where it has none.
pub(crate) fn name_of_user(uid: u32) -> String {
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    find(&list, uid).unwrap_or_else(|| format!("uid:{uid}"))
}

fn find(list: &str, uid: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, _password, id) = (parts.next()?, parts.next()?, parts.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_user_is_found_by_number() {
        let list = "root:x:0:0:root:/root:/bin/sh\nbroken\nana:x:1000:1000::/home/ana:/bin/sh\n";
        assert_eq!(super::find(list, 1000).as_deref(), Some("ana"));
        assert_eq!(super::find(list, 7), None);
    }
}
