/** Projects and their services. */
export interface Project {
  name: string;
  displayName?: string;
  createdAt: string;
  createdBy: string;
}

export interface Service {
  project: string;
  name: string;
  /** Where the source lives; informative, builds name their own source. */
  repository?: string;
  createdAt: string;
  createdBy: string;
}

/** Where events are kept that belong to no project; not the name of one. */
export const PLATFORM = '-';
