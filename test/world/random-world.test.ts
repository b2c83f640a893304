import * as fc from 'fast-check';
import {test} from 'vitest';
import {action, happen, type Action} from '../support/random-world/actions.ts';
import {LOOPS} from '../support/random-world/engine.ts';
import {Model} from '../support/random-world/model.ts';
import {RandomWorld} from '../support/random-world/world.ts';

// All of it at once: deposits, payouts, replacements, evictions, reorgs, a node that dies, goes away and loses answers,
// hands in the wallet, an engine killed at any step. After each of them every invariant is checked against a model.
// RANDOM_WORLD_SECONDS=600 lets it run for so long. A failure prints seed and path; RANDOM_WORLD_SEED and
// RANDOM_WORLD_PATH repeat it.

const SECONDS = Number(process.env['RANDOM_WORLD_SECONDS'] ?? 15);
const SEED = Number(process.env['RANDOM_WORLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PATH = process.env['RANDOM_WORLD_PATH'];
/** Rounds of everything, with a block now and then, in which a world that nothing disturbs must come to rest. */
const TO_REST = 60;

const live = async (actions: readonly Action[]): Promise<void> => {
  const world = await RandomWorld.start();
  const model = new Model(world);
  try {
    await model.check();
    for (const what of actions) {
      await happen(world, what);
      await model.check();
    }
    await world.heal();
    await model.check();
    for (let round = 0; round < TO_REST; round += 1) {
      await world.run(LOOPS);
      if (round % 3 === 2) world.node.mine(world.node.minable(3));
    }
    await world.run(['track', 'deliver', 'deliver']);
    await model.check();
    await model.expectConverged();
  } finally {
    await world.dispose();
  }
};

test(
  `a random world with the seed ${SEED}: every invariant holds after every step, and all comes to rest`,
  async () => {
    console.log(`random world: RANDOM_WORLD_SEED=${SEED}`);
    await fc.assert(fc.asyncProperty(fc.array(action, {minLength: 40, maxLength: 120, size: 'max'}), live), {
      seed: SEED,
      ...(PATH === undefined ? {} : {path: PATH, endOnFailure: true}),
      numRuns: SECONDS * 50,
      interruptAfterTimeLimit: SECONDS * 1000,
      markInterruptAsFailure: false,
    });
  },
  SECONDS * 1000 + 600_000,
);
