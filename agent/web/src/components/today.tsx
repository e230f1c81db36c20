import type { Overview } from "../overview.js";
import type { Words } from "../words.js";

type Today = Overview["today"];

const width = 320;
const barsHeight = 96;
const labelHeight = 16;
const hourMs = 3_600_000;
const labelEveryHours = 6;

/** The day's hours by their place in it, 0 to 22, 23 or 24. */
function placeIn(today: Today, instant: string): number {
  return Math.round((Date.parse(instant) - Date.parse(today.start)) / hourMs);
}

/** Places at which the wall clock shows 0, 6, 12 and 18, with what it shows. */
function labels(today: Today): { place: number; text: string }[] {
  const wall = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", timeZone: today.zone });
  return Array.from({ length: placeIn(today, today.end) }, (_, place) => ({
    place,
    text: wall.format(Date.parse(today.start) + place * hourMs),
  })).filter(({ text }) => Number(text) % labelEveryHours === 0);
}

/** Export grows upwards, import downwards, so the sign is seen without colour. */
function HourBars({ today, label }: { today: Today; label: string }) {
  const { hours } = today;
  const mostUp = Math.max(1, ...hours.map((hour) => hour.exportWh));
  const mostDown = Math.max(1, ...hours.map((hour) => hour.importWh));
  const scale = barsHeight / (mostUp + mostDown);
  const zero = mostUp * scale;
  const step = width / placeIn(today, today.end);
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${width} ${barsHeight + labelHeight}`}
      role="img"
      aria-label={label}
    >
      <line x1="0" x2={width} y1={zero} y2={zero} class="axis" />
      {hours.map((hour) => {
        const x = placeIn(today, hour.start) * step + 2;
        const up = hour.exportWh * scale;
        return (
          <g key={hour.start}>
            <rect class="export" x={x} y={zero - up} width={step - 4} height={up} />
            <rect class="import" x={x} y={zero} width={step - 4} height={hour.importWh * scale} />
          </g>
        );
      })}
      {labels(today).map(({ place, text }) => (
        <text key={place} x={place * step + 2} y={barsHeight + labelHeight - 3}>
          {text}
        </text>
      ))}
    </svg>
  );
}

function HourTable({ today, messages, format }: Words & { today: Today }) {
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
          {today.hours.map((hour) => (
            <tr key={hour.start}>
              <th scope="row">{format.hour(hour.start, today)}</th>
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
          <HourBars today={today} label={messages.perHour} />
          <HourTable today={today} {...words} />
        </>
      )}
    </section>
  );
}
