// A company's identity provider made with npm's oidc-provider, and nothing of ours. Everybody may
// sign in there with any password; `…@…` is their address, and only some addresses are verified.
import { pathToFileURL } from 'node:url';

const [library, callback, jwksUri] = process.argv.slice(2);
const { Provider, default: Default } = await import(pathToFileURL(library).href);
const jwks = await (await fetch(jwksUri)).json();
const client = {
  redirect_uris: [callback], grant_types: ['authorization_code'], response_types: ['code'],
};
const listening = (await import('node:http')).createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${listening.address().port}`;
  const provider = new (Provider ?? Default)(issuer, {
    clients: [
      { ...client, client_id: 'by secret', client_secret: 'a secret: with %signs & such' },
      {
        ...client,
        client_id: 'by key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks, // read here: as a jwks_uri the library takes https alone
      },
    ],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@hanbit.example`,
        email_verified: !id.startsWith('unverified'),
        name: `User ${id}`,
      }),
    }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['only for tests'] },
  });
  listening.on('request', provider.callback());
  console.log(JSON.stringify({ issuer }));
});
