/** What each role may do, from the table that Berth decides by. */
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import { actionWords, roleSummaries } from '../../../../client/permission-words.generated.ts';
import { type Action, permissions, roles } from '../../../../client/permissions.generated.ts';
import { Facts } from '../../components/facts.tsx';

const rows = (Object.entries(permissions) as [Action, (typeof permissions)[Action]][]).filter(
  ([, { least }]) => (roles as readonly string[]).includes(least),
);

const rank = (role: string): number => (roles as readonly string[]).indexOf(role);

export const RoleMatrix = () => (
  <ExpandableSection variant="container" headerText="What each role may do">
    <Facts of={roles.map((role) => [role, roleSummaries[role]])} />
    <div className="matrix-frame" tabIndex={0} role="region" aria-label="What each role may do, as a table">
      <table className="data matrix">
        <thead>
          <tr>
            <th scope="col">May</th>
            {roles.map((role) => (
              <th key={role} scope="col">
                {role}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([action, { least, protected: inProtected }]) => (
            <tr key={action}>
              <th scope="row">{actionWords[action]}</th>
              {roles.map((role) => (
                <td key={role} data-label={role}>
                  {rank(role) < rank(least) ? (
                    <span className="soft">–</span>
                  ) : inProtected && rank(role) < rank(inProtected) ? (
                    'not if protected'
                  ) : (
                    'yes'
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </ExpandableSection>
);
