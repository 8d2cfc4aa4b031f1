# PHP's own SoapClient: Debian's php-cli and php-soap.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
need php
php -r 'exit(class_exists("SoapClient") ? 0 : 1);' || skip "PHP has no SoapClient (php-soap)"
