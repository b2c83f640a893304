import {auditEntry, auditQuery, page} from '../../contract/index.ts';
import {coinParams, refusal, type Api, type RouteContext} from './api.ts';

/** What people did. */
export const auditRoutes = (api: Api, {applicationOf}: RouteContext): void => {
  api.route({
    method: 'GET',
    url: '/v1/:coin/audit',
    schema: {
      tags: ['audit'],
      summary: 'Acts of operators and applications, newest first, each chained to the one before by its hash',
      params: coinParams,
      querystring: auditQuery.strict(),
      response: {200: page(auditEntry), ...refusal},
    },
    handler: async request => applicationOf(request).audit(request.params.coin, request.query),
  });
};
