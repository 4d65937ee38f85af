/** What a program needs to start the server itself. */
export {
  type CallHooks,
  type CredentialStore,
  type HookResult,
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalCredential,
  type LocalServer,
  MemoryCredentialStore,
  type ServiceCall,
} from './host.ts';
export { createSlsServer, type SlsServerOptions } from './server.ts';
