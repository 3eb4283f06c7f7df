//! The component's exports: contract values in, one call, contract values out.

// The macro that generates the exports makes more of its items public than need be.
#![allow(unreachable_pub)]

use std::rc::Rc;

use crate::contract::bindings::exports::integration::connector::connector::{
    Connection, Guest as ConnectorGuest, GuestConnection, GuestListener, Listener,
};
use crate::contract::bindings::exports::integration::connector::metadata::{
    Descriptor, Guest as MetadataGuest,
};
use crate::contract::{
    CommitMode, Delivery, Document, Error, Identity, ObjectType, Outcome, Profile, Property,
    Settled, Settlement, bindings,
};
use crate::listener;
use crate::operations::Session;
use crate::transport::wasi::{Wasi, block_on};

struct Plugin;

bindings::export!(Plugin with_types_in bindings);

impl MetadataGuest for Plugin {
    fn describe() -> Descriptor {
        crate::describe()
    }
}

impl ConnectorGuest for Plugin {
    type Connection = Rc<Session<Wasi>>;
    type Listener = listener::Listener<Wasi>;
}

// Shared with its listeners, whose requests are under way between calls.
impl GuestConnection for Rc<Session<Wasi>> {
    fn open(settings: Vec<Property>) -> Result<Connection, Error> {
        Session::open(Wasi, settings).map(|session| Connection::new(Rc::new(session)))
    }

    fn test(&self) -> Result<Option<Identity>, Error> {
        block_on(Box::pin((**self).test()))
    }

    fn browse(&self, operation: String, filter: Option<String>) -> Result<Vec<ObjectType>, Error> {
        block_on(Box::pin((**self).browse(&operation, filter.as_deref())))
    }

    fn profile(&self, operation: String, _object: Option<String>) -> Result<Profile, Error> {
        (**self).profile(&operation)
    }

    fn execute(
        &self,
        operation: String,
        object: Option<String>,
        settings: Vec<Property>,
        documents: Vec<Document>,
    ) -> Result<Vec<Outcome>, Error> {
        block_on(Box::pin((**self).execute(
            &operation,
            object.as_deref(),
            settings,
            documents,
        )))
    }

    fn listen(&self, object: String, settings: Vec<Property>) -> Result<Listener, Error> {
        listener::Listener::open(self.clone(), &object, settings).map(Listener::new)
    }

    fn settle(&self, object: String, settlements: Vec<Settlement>) -> Result<Vec<Settled>, Error> {
        block_on(Box::pin((**self).settle(&object, settlements)))
    }

    fn renew(&self, settings: Vec<Property>) -> Result<(), Error> {
        (**self).renew(settings)
    }
}

impl GuestListener for listener::Listener<Wasi> {
    fn commit(&self) -> CommitMode {
        self.commit()
    }

    fn next(&self) -> Result<Vec<Delivery>, Error> {
        block_on(Box::pin(self.next()))
    }

    fn stop(&self) -> Result<(), Error> {
        block_on(Box::pin(self.stop()))
    }
}
