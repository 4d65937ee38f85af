/** An access key, with a security token where it is temporary. Never logged, never kept past its request. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** Called for every request: role credentials change during the life of an instance. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;
