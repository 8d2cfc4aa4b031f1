//! The work: apply a call, one Result per object.
