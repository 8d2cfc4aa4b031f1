# Generates from the served WSDL into the current folder.
set -euo pipefail
gem=$(ruby -W0 -e 'puts Gem::Specification.find_by_name("soap4r-ruby1.9").gem_dir')
ruby -W0 -rlogger -rlogger-application -I"$gem/lib" "$gem/bin/wsdl2ruby.rb" --wsdl "$ENVOI_URL/etframework.wsdl" \
    --type client --module_path PartnerAPI --quiet
