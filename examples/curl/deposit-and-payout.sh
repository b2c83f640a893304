#!/bin/sh
# Takes a deposit and pays it out again, with nothing but curl.
#
#   ENGINE_SOCKET=./data/engine.sock ./deposit-and-payout.sh ACCOUNT AMOUNT PAYOUT_ADDRESS
#   ENGINE_URL=http://127.0.0.1:18881 ENGINE_TOKEN=... ./deposit-and-payout.sh ACCOUNT AMOUNT PAYOUT_ADDRESS
#
# It prints an address, waits until a deposit to it is credited, queues a payout of AMOUNT to PAYOUT_ADDRESS and waits
# until that is sent. Started again after it was interrupted, it waits for a new deposit but pays out no second time: the
# idempotency key is made of what is paid, and the engine pays a key once. PAYOUT_KEY sets another one.
set -eu

coin=${COIN:-btc}
account=${1:?the name of an account}
amount=${2:?an amount such as 0.5}
payout_address=${3:?an address to pay to}
key=${PAYOUT_KEY:-"$account-$amount-$payout_address"}

# One call: method, path, then more arguments for curl. --fail-with-body: an error of the engine is printed, and is an
# error here. --retry: when no answer comes the same request is sent again, which is harmless for reads and for whatever
# carries an idempotency key.
call() {
  method=$1 path=$2
  shift 2
  if [ -n "${ENGINE_URL:-}" ]; then
    # From a file descriptor and not from the arguments, where every user of the machine could read the token.
    printf 'header = "authorization: Bearer %s"\n' "${ENGINE_TOKEN:?a token is needed with ENGINE_URL}" |
      curl --config - --silent --show-error --fail-with-body --max-time 30 --request "$method" "$@" "$ENGINE_URL$path"
  else
    curl --unix-socket "${ENGINE_SOCKET:-./data/engine.sock}" --silent --show-error --fail-with-body --max-time 30 \
      --request "$method" "$@" "http://localhost$path"
  fi
}
json='content-type: application/json'

# The text of a field in an answer: the engine writes JSON without spaces, and these fields hold nothing to escape.
field() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

# The same call; an error of the engine is shown and ends the script.
ask() {
  answer=$(call "$@") || { printf '%s\n' "$answer" >&2; exit 1; }
}

# Looks every second until the field has one of the words. Refused or dropped is no end: it may change; interrupt it.
wait_for() {
  path=$1 name=$2 words=$3
  while :; do
    value=$(call GET "$path" --retry 5 --retry-connrefused | field "$name")
    case " $words " in *" ${value:-none} "*) break ;; esac
    sleep 1
  done
}

ask POST "/v1/$coin/accounts" --retry 5 --retry-connrefused -H "$json" -d "{\"name\":\"$account\"}"
ask POST "/v1/$coin/accounts/$account/addresses" -H "$json" -d '{}'
address=$(printf '%s' "$answer" | field address)
echo "pay to $address"

wait_for "/v1/$coin/deposits?address=$address&limit=1" status 'credited settled'
echo 'the deposit is credited'

ask POST "/v1/$coin/payouts" --retry 5 --retry-connrefused -H "$json" -H "idempotency-key: $key" \
  -d "{\"account\":\"$account\",\"address\":\"$payout_address\",\"amount\":\"$amount\"}"
id=$(printf '%s' "$answer" | field id)
echo "payout $id is queued"

wait_for "/v1/$coin/payouts/$id" status 'sent confirmed settled'
ask GET "/v1/$coin/payouts/$id"
echo "payout $id is sent in $(printf '%s' "$answer" | field txid)"
