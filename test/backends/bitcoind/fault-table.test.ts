import {describe, expect, test} from 'vitest';
import {
  connectionFault,
  httpFault,
  refusalKind,
  type RefusalKind,
  rejectReasonKind,
} from '../../../source/backends/bitcoind/fault-table.ts';

// As measured: K Bitcoin Knots 29.5, C Bitcoin Core 30.2, L Litecoin Core 0.21.2.1.
const MEASURED: readonly [code: number, message: string, kind: RefusalKind][] = [
  [-28, 'Loading block index…', 'warming-up'],
  [-28, 'Verifying blocks…', 'warming-up'],
  [-10, 'Bitcoin Core is in initial sync and waiting for blocks...', 'not-ready'],
  [-27, 'Transaction outputs already in utxo set', 'already-known'],
  [-27, 'Transaction already in block chain', 'already-known'],
  [-25, 'bad-txns-inputs-missingorspent', 'inputs-unavailable'],
  [-25, 'Missing inputs', 'inputs-unavailable'],
  [-25, 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)', 'rejected'],
  [-26, 'txn-mempool-conflict', 'inputs-unavailable'],
  [
    -26,
    'insufficient fee, rejecting replacement ab; new feerate 0.00001 BTC/kvB <= old feerate 0.00002 BTC/kvB',
    'inputs-unavailable',
  ],
  [-26, 'txn-already-in-mempool', 'already-known'],
  [-26, 'txn-already-known', 'already-known'],
  [-26, 'txn-same-nonwitness-data-in-mempool', 'already-known'],
  [-26, 'min relay fee not met, 50 < 110', 'rejected'],
  [-26, 'mempool min fee not met, 150 < 349', 'rejected'],
  [-26, 'dust, tx with dust output must be 0-fee', 'rejected'],
  [-26, 'dust-nonanchor', 'rejected'],
  [-26, 'mempool-script-verify-flag-failed (Signature must be zero for failed CHECK(MULTI)SIG operation)', 'rejected'],
  [-26, 'non-mandatory-script-verify-flag (Witness program hash mismatch)', 'rejected'],
  [-26, 'too-long-mempool-chain, too many unconfirmed ancestors [limit: 25]', 'rejected'],
  [-26, 'bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 1', 'rejected'],
  [-22, 'TX decode failed. Make sure the tx has at least one input.', 'rejected'],
  [-13, 'Error: Please enter the wallet passphrase with walletpassphrase first.', 'wallet-locked'],
  [-18, 'Requested wallet does not exist or is not loaded', 'wallet-missing'],
  [-18, 'No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet.', 'wallet-missing'],
  [-18, "Wallet file verification failed. Failed to load database path '/w/x'. Path does not exist.", 'wallet-missing'],
  [-35, 'Wallet "hot" is already loaded.', 'wallet-loaded'],
  [-4, 'Wallet file verification failed. Refusing to load database. Data file "x" is already loaded.', 'wallet-loaded'],
  [-4, 'Wallet already loading.', 'wallet-busy'],
  [-4, 'Wallet is currently rescanning. Abort existing rescan or wait.', 'wallet-busy'],
  [-4, 'Insufficient funds', 'other'],
  [-4, 'Transaction too large', 'other'],
  [-8, 'Invalid parameter, output already locked', 'lock-unchanged'],
  [-8, 'Invalid parameter, expected locked output', 'lock-unchanged'],
  [-8, 'Invalid parameter, unknown transaction', 'other'],
  [-8, 'Invalid parameter, duplicated address: bcrt1q', 'other'],
  [-8, 'Block height out of range', 'not-found'],
  [-5, 'Block not found', 'not-found'],
  [-5, 'Transaction not in mempool', 'not-found'],
  [-5, 'Invalid or non-wallet transaction id', 'not-found'],
  [-5, 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.', 'not-found'],
  [-5, 'No such mempool transaction. Use -txindex or provide a block hash.', 'not-found'],
  [-5, 'Invalid Bitcoin address: x', 'other'],
  [-1, 'Block not available (pruned data)', 'pruned'],
  [-1, 'Rescan aborted.', 'other'],
  [-32601, 'Method not found', 'unsupported'],
  [-32700, 'Parse error', 'other'],
];

describe('the table of answers', () => {
  test.each(MEASURED)('%i %s means %s', (code, message, kind) => {
    expect(refusalKind(code, message)).toBe(kind);
  });

  test.each([
    ['missing-inputs', 'inputs-unavailable'],
    ['bad-txns-inputs-missingorspent', 'inputs-unavailable'],
    ['txn-mempool-conflict', 'inputs-unavailable'],
    ['txn-already-in-mempool', 'already-known'],
    ['txn-already-known', 'already-known'],
    ['max-fee-exceeded', 'rejected'],
    ['min relay fee not met', 'rejected'],
  ])('testmempoolaccept refusing with %s means %s', (reason, kind) => {
    expect(rejectReasonKind(reason)).toBe(kind);
  });

  test.each([
    [401, '', 'unauthorized'],
    [403, '', 'forbidden'],
    [404, '', 'no-such-path'],
    [404, '<html>not found</html>', 'not-bitcoind'],
    [405, 'JSONRPC server handles only POST requests', 'not-bitcoind'],
    [503, 'Work queue depth exceeded', 'overloaded'],
    [500, 'Work queue depth exceeded', 'overloaded'],
    [503, '<html>Service Unavailable</html>', 'overloaded'],
    [302, '', 'not-bitcoind'],
    [200, '<html>', 'not-bitcoind'],
  ])('HTTP %i with %j means %s', (status, body, fault) => {
    expect(httpFault(status, body)).toBe(fault);
  });

  test('failures of a connection are told from faults of ours', () => {
    expect(connectionFault('ECONNREFUSED')).toBe('refused');
    expect(connectionFault('ENOTFOUND')).toBe('no-such-host');
    expect(connectionFault('ECONNRESET')).toBe('lost');
    expect(connectionFault('UND_ERR_SOCKET')).toBe('lost');
    expect(connectionFault('UND_ERR_CONNECT_TIMEOUT')).toBe('unreachable');
    expect(connectionFault('ERR_SSL_WRONG_VERSION_NUMBER')).toBe('tls');
    expect(connectionFault('HPE_INVALID_CONSTANT')).toBe('not-http');
    expect(connectionFault('UND_ERR_INVALID_ARG')).toBeUndefined();
    expect(connectionFault('ERR_ASSERTION')).toBeUndefined();
  });
});
