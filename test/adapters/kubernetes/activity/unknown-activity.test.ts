import { unknownActivity } from '../../../../functions/adapters/kubernetes/activity/unknown-activity.ts';
import { unseeingActivityContract } from '../../../contracts/activity.ts';

unseeingActivityContract('Kubernetes', unknownActivity);
