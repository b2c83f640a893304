import {fromSatoshis, type Order} from './orders.ts';

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

const page = (title: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title>${head}
<style>body{font:16px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>
<h1>${escape(title)}</h1>${body}</html>`;

/** What the customer reads: said by what is credited, not by what was merely seen. */
export const stateOf = (order: Order): string => {
  if (order.refund !== null) return `refund ${order.refund.status}`;
  if (order.paid >= order.price) return 'paid';
  if (order.paid + order.pending >= order.price) return 'seen on the network, waiting for confirmations';
  return order.paid > 0n ? 'paid in part' : 'waiting for payment';
};

export const shopPage = (items: ReadonlyMap<string, bigint>, orders: readonly Order[]): string => {
  const offers = [...items].map(
    ([item, price]) =>
      `<li><form method="post" action="/orders">${escape(item)}, ${fromSatoshis(price)} BTC
       <button name="item" value="${escape(item)}">Buy</button></form>`,
  );
  const rows = orders.map(
    order => `<li><a href="/orders/${order.id}">Order ${order.id}</a>: ${escape(order.item)}, ${stateOf(order)}`,
  );
  return page('A shop', `<ul>${offers.join('')}</ul><h2>Orders</h2><ul>${rows.join('')}</ul>`);
};

export const invoicePage = (order: Order, canPay: boolean): string => {
  const due = order.price - order.paid - order.pending;
  const pay = canPay && due > 0n && order.refund === null;
  return page(
    `Order ${order.id}: ${order.item}`,
    `<p>Pay <b>${fromSatoshis(order.price)} BTC</b> to <code>${escape(order.address ?? '')}</code></p>
     <p>State: <b>${stateOf(order)}</b>. Paid: ${fromSatoshis(order.paid)}, on the way: ${fromSatoshis(order.pending)}.</p>
     ${pay ? `<form method="post" action="/orders/${order.id}/pay"><button>Pay with the demo's coins</button></form>` : ''}
     ${
       order.paid > 0n && order.refund === null
         ? `<form method="post" action="/orders/${order.id}/refund">
            <input name="address" placeholder="address to refund to" size="50"><button>Refund</button></form>`
         : ''
     }
     <p><a href="/">Back</a></p>`,
    '<meta http-equiv="refresh" content="3">',
  );
};

export const problemPage = (problem: string): string => page('This did not work', `<p>${escape(problem)}</p>`);
