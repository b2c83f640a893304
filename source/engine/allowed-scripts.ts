import {scriptOf} from '../coins/index.ts';
import type {CoinConfig} from '../config/config.ts';
import {EngineError} from '../primitives/errors.ts';

/**
 * The scripts of `payouts.allow`, as hex, or undefined when all addresses may be paid. Throws `bad_config` naming the
 * first entry that is no address of the coin's network.
 */
export const allowedScripts = ({coin, definition, network, payouts}: CoinConfig): Set<string> | undefined => {
  if (payouts.allow === undefined) return undefined;
  const field = `coins.${coin}.payouts.allow`;
  return new Set(
    payouts.allow.map(address => {
      try {
        return scriptOf(address, definition, definition.networks[network]!).toString('hex');
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        throw new EngineError('bad_config', `${field}: ${JSON.stringify(address.slice(0, 100))}: ${error.message}`, {
          field,
          cause: error,
        });
      }
    }),
  );
};
