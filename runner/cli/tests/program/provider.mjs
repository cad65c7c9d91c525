// The real provider of the tests: `oidc-provider` from npm on loopback. Standard input is its leash; it prints its address once
// it listens. People are whom they say they are: the part before the @ of their address is their group.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [module, redirect] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(module).href);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const grants = ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'];
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'stanch',
    client_secret: 'hush-hush-hush-hush-hush-hush-hush',
    redirect_uris: [redirect],
    grant_types: grants,
    response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'email', 'groups'],
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
  cookies: { keys: ['of-the-tests'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, groups: [id.split('@')[0]] }),
  }),
});
server.on('request', provider.callback());
console.log(issuer);
process.stdin.on('end', () => process.exit(0)).resume();
