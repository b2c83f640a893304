import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {appendFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {OtherProgram} from './other-program.ts';
import {programCommand} from './program.ts';

const integration = fileURLToPath(new URL('../../integrations/django', import.meta.url));

const MODELS = `
from django.db import models

class Order(models.Model):
    address = models.CharField(max_length=100, unique=True)
    state = models.CharField(max_length=20, default="open")
    txid = models.CharField(max_length=64, default="")
`;
const APP = `
from django.apps import AppConfig

class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.AutoField"

    def ready(self):
        from . import receivers
`;
const RECEIVERS = `
from django.dispatch import receiver
from cryptoassets_django.signals import deposit_credited, payout_sent
from .models import Order

@receiver(deposit_credited)
def paid(sender, event, **kwargs):
    Order.objects.filter(address=event.data["address"]).update(state="paid")

@receiver(payout_sent)
def refunded(sender, event, **kwargs):
    pk = event.data["idempotency_key"].rpartition("-")[2]
    Order.objects.filter(pk=pk).update(state="refunded", txid=event.data["txid"])
`;
const URLS = `
from django.http import JsonResponse
from django.urls import include, path
from orders.models import Order

def order(request, pk):
    return JsonResponse(Order.objects.values("state", "txid").get(pk=pk))

urlpatterns = [path("hooks/coins", include("cryptoassets_django.urls")), path("orders/<int:pk>", order)]
`;

export interface DjangoParts {
  readonly python: string;
  readonly directory: string;
  readonly port: number;
  readonly node: {readonly url: string; readonly cookiePath: string; readonly zmqUrl: string};
  readonly wallet: string;
}

/** A real Django project with an app of orders, which knows the engine only by cryptoassets_django. */
export class DjangoProject {
  readonly #parts: DjangoParts;
  /** Where its server is to listen: the engine's webhook goes there. */
  readonly port: number;
  readonly #env = {
    PYTHONPATH: integration,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    NODE_ENV: 'production',
  };

  constructor(parts: DjangoParts) {
    this.#parts = parts;
    this.port = parts.port;
    const {directory, python} = parts;
    mkdirSync(join(directory, 'orders'), {recursive: true});
    this.#run(python, '-m', 'django', 'startproject', 'webshop', '.');
    writeFileSync(join(directory, 'orders', '__init__.py'), '');
    for (const [name, text] of Object.entries({models: MODELS, apps: APP, receivers: RECEIVERS}))
      writeFileSync(join(directory, 'orders', `${name}.py`), text);
    writeFileSync(join(directory, 'webshop', 'urls.py'), URLS);
    appendFileSync(join(directory, 'webshop', 'settings.py'), this.#settings());
    this.manage('check');
    this.manage('makemigrations', 'orders');
    this.manage('migrate');
  }

  #settings(): string {
    const {node, port, wallet} = this.#parts;
    return `
INSTALLED_APPS += ["cryptoassets_django", "orders.apps.OrdersConfig"]
CRYPTOASSETS = {
    "PROGRAM": ${JSON.stringify(programCommand())},
    "CONFIG": {
        "coins": {
            "btc": {
                "network": "regtest",
                "confirmations": 3,
                "max_confirmation_count": 8,
                "backend": {
                    "type": "bitcoind",
                    "url": "${node.url}",
                    "auth": {"cookie": "${node.cookiePath}"},
                    "wallet": "${wallet}",
                    "notify": [{"type": "zmq", "url": "${node.zmqUrl}"}],
                },
            }
        },
        "events": {
            "web": {
                "type": "webhook",
                "url": "http://127.0.0.1:${port}/hooks/coins",
                "secret": "whsec_${randomBytes(32).toString('base64')}",
            }
        },
        "service": {"broadcast_period": "1s", "log": {"file": "./engine.log"}},
    },
}
`;
  }

  /** `manage.py` with these arguments, to its end; what it printed. Throws its words when it fails. */
  manage(...args: string[]): string {
    return this.#run(this.#parts.python, 'manage.py', ...args);
  }

  /** Lines of Python in the project; what they printed. */
  shell(...lines: string[]): string {
    const imports = ['from orders.models import Order', 'from cryptoassets_django.client import Client'];
    return this.manage('shell', '-c', [...imports, 'client = Client.from_settings()', ...lines].join('\n')).trim();
  }

  start(...args: string[]): OtherProgram {
    return new OtherProgram(this.#parts.python, ['manage.py', ...args], {
      cwd: this.#parts.directory,
      env: this.#env,
    });
  }

  #run(command: string, ...args: string[]): string {
    const env = {...process.env, ...this.#env};
    try {
      return execFileSync(command, args, {cwd: this.#parts.directory, encoding: 'utf8', env, stdio: 'pipe'});
    } catch (error) {
      const {stdout, stderr} = error as {stdout: string; stderr: string};
      throw new Error(`${args.join(' ')}: ${stdout}${stderr}`, {cause: error});
    }
  }
}
