/** An access key, with a security token where it is temporary. Never logged, never kept past its request. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** Asked for every request: role credentials change under a long-lived instance. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;
