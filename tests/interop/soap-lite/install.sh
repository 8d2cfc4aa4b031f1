# SOAP::Lite: Debian's libsoap-lite-perl.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need perl
perl -MSOAP::Lite -MJSON::PP -MLWP::UserAgent -e 1 || skip "SOAP::Lite not found (libsoap-lite-perl)"
