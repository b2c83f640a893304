import {expecting, text} from '../fields.ts';

/** What a backend of every kind may have besides its own keys. */
export const anyBackend = {
  name: text('a name such as own-node', 40)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, expecting('a name of letters, digits and _ . -, such as own-node'))
    .optional(),
};
