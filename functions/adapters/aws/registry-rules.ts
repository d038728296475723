/** What ECR removes by itself: images that no tag names. Every version's image has a tag, also one that came without. */
export const LIFECYCLE = {
  rules: [
    {
      rulePriority: 1,
      description: 'Images that were pushed without a tag, and are of no version',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 },
      action: { type: 'expire' },
    },
  ],
};
