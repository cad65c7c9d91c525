//! The teller against a post that tests hold in their hands.
