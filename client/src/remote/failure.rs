//! Why a connection over TLS was not made: which side did not take the other, or whether there was no other side.

use std::io;

use sealkeeper_domain::reason::Reason;
use tokio_rustls::rustls::{AlertDescription, Error as TlsError};

use crate::error::ClientError;

/// Whoever answers speaks TLS, but not what an agent speaks in it.
pub(super) fn not_http_2() -> io::Error {
    io::Error::other(TlsError::NoApplicationProtocol)
}

/// The error of whoever was connected to at this address.
pub(super) fn of_opening(address: &str, error: &io::Error) -> ClientError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    let reason = tls.map_or(Reason::AgentUnreachable, reason);
    ClientError::local(reason, format_args!("{address}: {error}"))
}

fn reason(error: &TlsError) -> Reason {
    match error {
        TlsError::AlertReceived(alert) => of_alert(*alert),
        // What speaks no TLS, or none of today, is not the agent; neither is whoever cannot prove to be.
        TlsError::InvalidCertificate(_)
        | TlsError::NoCertificatesPresented
        | TlsError::UnsupportedNameType
        | TlsError::InvalidMessage(_)
        | TlsError::InappropriateMessage { .. }
        | TlsError::InappropriateHandshakeMessage { .. }
        | TlsError::PeerIncompatible(_)
        | TlsError::PeerMisbehaved(_)
        | TlsError::NoApplicationProtocol => Reason::AgentForeign,
        _ => Reason::AgentUnreachable,
    }
}

/// RFC 8446 §6.2: the alerts about a certificate are about ours, as the server's was judged here.
fn of_alert(alert: AlertDescription) -> Reason {
    match alert {
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
        | AlertDescription::CertificateRequired => Reason::ClientCertificateRefused,
        AlertDescription::ProtocolVersion
        | AlertDescription::NoApplicationProtocol
        | AlertDescription::UnrecognisedName => Reason::AgentForeign,
        _ => Reason::AgentUnreachable,
    }
}
