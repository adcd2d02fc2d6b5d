// A relying party written with npm's openid-client, and nothing of ours: it discovers, logs in,
// calls and refreshes. Lines go out on standard output and come in on standard input.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [library, issuer, redirectUri, webId, webSecret, deskId, deskKey] = process.argv.slice(2);
const oidc = await import(pathToFileURL(library).href);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (told) => console.log(JSON.stringify(told));
const loopback = { execute: [oidc.allowInsecureRequests] }; // plain http, on this machine alone

const web = await oidc.discovery(
  new URL(issuer), webId, undefined, oidc.ClientSecretBasic(webSecret), loopback,
);
const verifier = oidc.randomPKCECodeVerifier();
const nonce = oidc.randomNonce();
const state = oidc.randomState();
const url = oidc.buildAuthorizationUrl(web, {
  redirect_uri: redirectUri,
  scope: 'openid email offline_access read',
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  nonce,
  state,
});
say({ url: url.href });

const callback = new URL(JSON.parse((await lines.next()).value).callback);
const tokens = await oidc.authorizationCodeGrant(web, callback, {
  pkceCodeVerifier: verifier,
  expectedNonce: nonce,
  expectedState: state,
  idTokenExpected: true,
});
const subject = tokens.claims().sub;
const userinfo = await oidc.fetchUserInfo(web, tokens.access_token, subject);
const api = new URL('/v1/sessions/current', issuer);
const call = async (config, token) =>
  (await oidc.fetchProtectedResource(config, token, api, 'GET')).json();
const me = await call(web, tokens.access_token);
const refreshed = await oidc.refreshTokenGrant(web, tokens.refresh_token);
const again = await call(web, refreshed.access_token);
const state1 = await oidc.tokenIntrospection(web, refreshed.access_token);
await oidc.tokenRevocation(web, refreshed.refresh_token);
const state2 = await oidc.tokenIntrospection(web, refreshed.access_token);

const key = await crypto.subtle.importKey(
  'jwk', JSON.parse(deskKey), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'],
);
const desk = await oidc.discovery(
  new URL(issuer), deskId, undefined, oidc.PrivateKeyJwt({ key, kid: JSON.parse(deskKey).kid }),
  { ...loopback, algorithm: 'oauth2' },
);
const own = await oidc.clientCredentialsGrant(desk, { scope: 'read' });
const it = await call(desk, own.access_token);
say({ subject, userinfo, me, again, states: [state1.active, state2.active], it });
process.exit(0);
