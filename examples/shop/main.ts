// The shop beside an engine that runs: see README.md for what the environment must hold.
import {connect} from 'cryptoassets-console';
import {Shop} from './shop.ts';

const {ENGINE_SOCKET, ENGINE_URL, ENGINE_TOKEN, SHOP_WEBHOOK_SECRET, SHOP_DATABASE, PORT} = process.env;
if (SHOP_WEBHOOK_SECRET === undefined)
  throw new Error('SHOP_WEBHOOK_SECRET is not set: the secret of the engine’s sink');

const shop = new Shop({
  client: connect(
    ENGINE_URL === undefined
      ? {socket: ENGINE_SOCKET ?? './data/engine.sock'}
      : {url: ENGINE_URL, token: ENGINE_TOKEN ?? ''},
  ),
  webhookSecrets: SHOP_WEBHOOK_SECRET.split(','),
  database: SHOP_DATABASE ?? './shop.sqlite',
});
const url = await shop.start(Number(PORT ?? 8080));
console.log(`The shop is open at ${url}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shop.stop());
