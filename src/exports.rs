//! The component's exports: contract values in, one call, contract values out.

// The macro that generates the exports makes more of its items public than need be.
#![allow(unreachable_pub)]

mod abi;
mod types;

use std::rc::Rc;

use crate::contract::bindings::exports::integration::connector::connector::{
    Connection, ConnectionBorrow, Guest, GuestConnection, GuestListener, Listener, ListenerBorrow,
};
use crate::contract::{
    Delivery, Error, Identity, ObjectType, Outcome, Profile, Settled, bindings,
    metadata::Descriptor,
};
use crate::listener;
use crate::operations::Session;
use crate::transport::wasi::{Wasi, block_on};
use abi::{Abi, give, take_back, text};

struct Plugin;

// The resources, and the contract itself as the component's type. The functions follow below.
bindings::export!(Plugin with_types_in bindings);

impl Guest for Plugin {
    type Connection = Rc<Session<Wasi>>;
    type Listener = listener::Listener<Wasi>;
}

// Shared with its listeners, whose requests are under way between calls.
impl GuestConnection for Rc<Session<Wasi>> {}

impl GuestListener for listener::Listener<Wasi> {}

/// Exports a function of an interface, whose parameters come as the Canonical ABI has them: a text
/// or a list as an address and a length, what is optional with a number before it that is not 0
/// where it is given. The body is `unsafe`, as it may take each of them once.
macro_rules! export {
    ($name:literal, ($($parameter:ident: $of:ty),*) -> $gives:ty $body:block) => {
        const _: () = {
            #[unsafe(export_name = concat!("integration:connector/", $name))]
            #[allow(unused_unsafe)] // `describe` takes nothing.
            unsafe extern "C" fn call($($parameter: $of),*) -> *mut u8 {
                give::<$gives>(unsafe { $body })
            }

            #[unsafe(export_name = concat!("cabi_post_integration:connector/", $name))]
            unsafe extern "C" fn after(at: *mut u8) {
                unsafe { take_back::<$gives>(at) };
            }
        };
    };
}

export!("metadata@0.1.0#describe", () -> Descriptor { crate::describe() });

export!(
    "connector@0.1.0#[static]connection.open",
    (settings: *mut u8, count: usize) -> Result<u32, Error> {
        let session = Session::open(Wasi, Abi::lift_list(settings, count));
        session.map(|session| Connection::new(Rc::new(session)).take_handle())
    }
);

export!(
    "connector@0.1.0#[method]connection.test",
    (this: *mut u8) -> Result<Option<Identity>, Error> { block_on(Box::pin(session(this).test())) }
);

export!(
    "connector@0.1.0#[method]connection.browse",
    (
        this: *mut u8,
        operation: *mut u8,
        operation_length: usize,
        filtered: i32,
        filter: *mut u8,
        filter_length: usize
    ) -> Result<Vec<ObjectType>, Error> {
        let operation = text(operation, operation_length);
        let filter = optional_text(filtered, filter, filter_length);
        block_on(Box::pin(session(this).browse(&operation, filter.as_deref())))
    }
);

export!(
    "connector@0.1.0#[method]connection.profile",
    (
        this: *mut u8,
        operation: *mut u8,
        operation_length: usize,
        has_object: i32,
        object: *mut u8,
        object_length: usize
    ) -> Result<Profile, Error> {
        // It is the same for every queue.
        drop(optional_text(has_object, object, object_length));
        session(this).profile(&text(operation, operation_length))
    }
);

export!(
    "connector@0.1.0#[method]connection.execute",
    (
        this: *mut u8,
        operation: *mut u8,
        operation_length: usize,
        has_object: i32,
        object: *mut u8,
        object_length: usize,
        settings: *mut u8,
        settings_count: usize,
        documents: *mut u8,
        documents_count: usize
    ) -> Result<Vec<Outcome>, Error> {
        let operation = text(operation, operation_length);
        let object = optional_text(has_object, object, object_length);
        let settings = Abi::lift_list(settings, settings_count);
        let documents = Abi::lift_list(documents, documents_count);
        let session = session(this);
        block_on(Box::pin(session.execute(&operation, object.as_deref(), settings, documents)))
    }
);

export!(
    "connector@0.1.0#[method]connection.listen",
    (
        this: *mut u8,
        object: *mut u8,
        object_length: usize,
        settings: *mut u8,
        settings_count: usize
    ) -> Result<u32, Error> {
        let object = text(object, object_length);
        let settings = Abi::lift_list(settings, settings_count);
        let listener = listener::Listener::open(session(this).clone(), &object, settings);
        listener.map(|listener| Listener::new(listener).take_handle())
    }
);

export!(
    "connector@0.1.0#[method]connection.settle",
    (
        this: *mut u8,
        object: *mut u8,
        object_length: usize,
        settlements: *mut u8,
        settlements_count: usize
    ) -> Result<Vec<Settled>, Error> {
        let object = text(object, object_length);
        let settlements = Abi::lift_list(settlements, settlements_count);
        block_on(Box::pin(session(this).settle(&object, settlements)))
    }
);

export!(
    "connector@0.1.0#[method]connection.renew",
    (this: *mut u8, settings: *mut u8, count: usize) -> Result<(), Error> {
        session(this).renew(Abi::lift_list(settings, count))
    }
);

#[unsafe(export_name = "integration:connector/connector@0.1.0#[method]listener.commit")]
unsafe extern "C" fn commit(this: *mut u8) -> i32 {
    unsafe { listening(this).commit() as i32 }
}

export!(
    "connector@0.1.0#[method]listener.next",
    (this: *mut u8) -> Result<Vec<Delivery>, Error> {
        block_on(Box::pin(listening(this).next()))
    }
);

export!(
    "connector@0.1.0#[method]listener.stop",
    (this: *mut u8) -> Result<(), Error> {
        block_on(Box::pin(listening(this).stop()))
    }
);

/// The connection that the host calls a method of.
unsafe fn session<'a>(this: *mut u8) -> &'a Rc<Session<Wasi>> {
    unsafe { ConnectionBorrow::lift(this).get() }
}

/// The listener that the host calls a method of.
unsafe fn listening<'a>(this: *mut u8) -> &'a listener::Listener<Wasi> {
    unsafe { ListenerBorrow::lift(this).get() }
}

unsafe fn optional_text(given: i32, at: *mut u8, length: usize) -> Option<String> {
    (given != 0).then(|| unsafe { text(at, length) })
}
