/** Projects and their services. */
export interface Project {
  name: string;
  displayName?: string;
  createdAt: string;
  createdBy: string;
}

/** What is left of a deleted project, beside its history. */
export interface DeletedProject {
  /** Ids of the people and groups who were its administrators: they alone may take up its name again. */
  administrators: string[];
}

export interface Service {
  project: string;
  name: string;
  /** Where the source lives. For information only: builds name their own source. */
  repository?: string;
  createdAt: string;
  createdBy: string;
}

/** Stands in the place of a project's name for events that belong to no project. */
export const PLATFORM = '-';
