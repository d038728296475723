/** Variables of an environment: plain settings, which are no secret. */
export interface Variable {
  value: string;
  updatedAt: string;
  updatedBy: string;
}

/** All variables of an environment, by their names. No secret of the environment has the name of one. */
export interface Variables {
  project: string;
  environment: string;
  /** Of the very environment, so that another one of its name has none of them. Absent in older records. */
  environmentId?: string;
  variables: Record<string, Variable>;
}
