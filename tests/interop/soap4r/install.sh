# soap4r: Debian's ruby-soap4r, with ruby-logger-application, which its generator needs on today's Ruby.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need ruby
ruby -W0 -e 'gem "soap4r-ruby1.9"; require "soap/rpc/driver"' || skip "soap4r not found (ruby-soap4r)"
ruby -W0 -e 'require "logger"; require "logger-application"' || skip "logger-application not found (ruby-logger-application)"
