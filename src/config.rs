//! Every setting, its default and its check; read whole before a port opens.
