import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Today = Overview["today"];
type Hour = Today["hours"][number];

const width = 320;
const barsHeight = 96;
const labelHeight = 16;
const labelledHours = [0, 6, 12, 18];

/** Export grows upwards, import downwards, so the sign is seen without colour. */
function HourBars({ hours, label }: { hours: readonly Hour[]; label: string }) {
  const mostUp = Math.max(1, ...hours.map((hour) => hour.exportWh));
  const mostDown = Math.max(1, ...hours.map((hour) => hour.importWh));
  const scale = barsHeight / (mostUp + mostDown);
  const zero = mostUp * scale;
  const step = width / 24;
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${width} ${barsHeight + labelHeight}`}
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={width} y1={zero} y2={zero} class="axis" />
      {hours.map((hour) => {
        const x = new Date(hour.start).getHours() * step + 2;
        const up = hour.exportWh * scale;
        return (
          <g key={hour.start}>
            <rect class="export" x={x} y={zero - up} width={step - 4} height={up} />
            <rect class="import" x={x} y={zero} width={step - 4} height={hour.importWh * scale} />
          </g>
        );
      })}
      {labelledHours.map((hour) => (
        <text key={hour} x={hour * step + 2} y={barsHeight + labelHeight - 3}>
          {String(hour).padStart(2, "0")}
        </text>
      ))}
    </svg>
  );
}

function HourTable({ hours, messages, format }: Words & { hours: readonly Hour[] }) {
  return (
    <details>
      <summary>{messages.showTable}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{messages.hour}</th>
            <th scope="col">{messages.gridImport}</th>
            <th scope="col">{messages.gridExport}</th>
            <th scope="col">{messages.production}</th>
          </tr>
        </thead>
        <tbody>
          {hours.map((hour) => (
            <tr key={hour.start}>
              <th scope="row">{format.hour(hour.start)}</th>
              <td>{format.energy(hour.importWh)}</td>
              <td>{format.energy(hour.exportWh)}</td>
              <td>{hour.productionWh === null ? "–" : format.energy(hour.productionWh)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

export function TodayCard({ today, ...words }: Words & { today: Today }) {
  const { messages, format } = words;
  return (
    <section class="card" aria-labelledby="today">
      <h2 id="today">{messages.today}</h2>
      <dl class="figures">
        <div class="imported">
          <dt>{messages.gridImport}</dt>
          <dd>{format.energy(today.importWh)}</dd>
        </div>
        <div class="exported">
          <dt>{messages.gridExport}</dt>
          <dd>{format.energy(today.exportWh)}</dd>
        </div>
        {today.productionWh !== null && (
          <div>
            <dt>{messages.production}</dt>
            <dd>{format.energy(today.productionWh)}</dd>
          </div>
        )}
      </dl>
      {today.hours.length === 0 ? (
        <p>{messages.noEnergyYet}</p>
      ) : (
        <>
          <HourBars hours={today.hours} label={messages.perHour} />
          <HourTable hours={today.hours} {...words} />
        </>
      )}
    </section>
  );
}
