// Corners as people type and paste them: a line each, latitude first, in degrees, degrees and minutes, or as a NOTAM has it.

/** Longitude, latitude in degrees, as GeoJSON has them. */
export type Place = [lon: number, lat: number];

export interface Typed {
  places: Place[];
  /** line: from 1. */
  problems: { line: number; detail: string }[];
}

class Unreadable extends Error {}

interface Part {
  numbers: string[];
  minus: boolean;
  letter: string | null;
}

const EXAMPLE = "a line is latitude and longitude, such as -35.302 149.101, or 35°18.1'S 149°06.1'E";

/** Empty lines are nothing; a last corner that is the first again closes the outline and is dropped. */
export function readCoordinates(text: string): Typed {
  const typed: Typed = { places: [], problems: [] };
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    try {
      typed.places.push(readLine(line));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      typed.problems.push({ line: index + 1, detail: error.message });
    }
  });
  const [first, last] = [typed.places[0], typed.places.at(-1)];
  if (typed.places.length > 2 && first?.[0] === last?.[0] && first?.[1] === last?.[1]) typed.places.pop();
  return typed;
}

/** As a line is written when the map is clicked: about 0.1 m. */
export const writeLine = ([lon, lat]: Place): string => `${lat.toFixed(6)} ${lon.toFixed(6)}`;

function readLine(line: string): Place {
  const said = line.trim().toUpperCase().replaceAll("−", "-");
  const odd = /[^-+0-9.,;\s°º'′’"″NSEW]/u.exec(said);
  if (odd !== null) throw new Unreadable(`'${odd[0]}' is not understood: ${EXAMPLE}`);
  const parts = /[NSEW]/.test(said) ? byLetters(said) : byNumbers(said);
  const [first, second] = parts.map(value);
  // With letters either may come first; without, latitude does.
  const [lat, lon] = parts[0]!.letter !== null && "EW".includes(parts[0]!.letter) ? [second!, first!] : [first!, second!];
  if (Math.abs(lat) > 90) {
    throw new Unreadable(`latitude ${lat} is beyond 90°${Math.abs(lat) <= 180 && Math.abs(lon) <= 90 ? ": latitude comes first" : ""}`);
  }
  if (Math.abs(lon) > 180) throw new Unreadable(`longitude ${lon} is beyond 180°`);
  return [lon, lat];
}

const numbersOf = (text: string): string[] => text.match(/[-+]?\d+(?:\.\d+)?/g) ?? [];

function byLetters(said: string): Part[] {
  const letters = said.match(/[NSEW]/g)!;
  const across = letters.filter((letter) => "EW".includes(letter)).length;
  if (letters.length !== 2 || across !== 1) throw new Unreadable(`one of N or S and one of E or W is expected: ${EXAMPLE}`);
  const before = /^[NSEW]/.test(said);
  const texts = said.split(/[NSEW]/).slice(before ? 1 : 0, before ? 3 : 2);
  return texts.map((text, index) => {
    const numbers = numbersOf(text);
    if (numbers.some((one) => /[-+]/.test(one))) throw new Unreadable("a sign and a letter are one too many: either says which side");
    return { numbers: numbers.length === 1 ? compact(numbers[0]!, letters[index]!) : numbers, minus: false, letter: letters[index]! };
  });
}

/** 351830 of S, 1490612 of E: degrees, minutes and seconds without anything between; else the number as it is. */
function compact(digits: string, letter: string): string[] {
  const found = new RegExp(`^(\\d{${"NS".includes(letter) ? 2 : 3}})(\\d\\d)(\\d\\d)?(\\.\\d+)?$`).exec(digits);
  if (found === null) return [digits];
  const [, degrees, minutes, seconds, part = ""] = found;
  return seconds === undefined ? [degrees!, minutes! + part] : [degrees!, minutes!, seconds + part];
}

function byNumbers(said: string): Part[] {
  const numbers = numbersOf(said);
  if (![2, 4, 6].includes(numbers.length)) {
    throw new Unreadable(`${numbers.length === 1 ? "one number" : `${numbers.length} numbers`} in it: ${EXAMPLE}`);
  }
  const half = numbers.length / 2;
  return [numbers.slice(0, half), numbers.slice(half)].map((own) => {
    if (own.slice(1).some((one) => /[-+]/.test(one))) throw new Unreadable(`a sign inside of a coordinate: ${EXAMPLE}`);
    return { numbers: own.map((one) => one.replace(/^[-+]/, "")), minus: own[0]!.startsWith("-"), letter: null };
  });
}

function value({ numbers, minus, letter }: Part): number {
  if (numbers.length < 1 || numbers.length > 3) throw new Unreadable(`${numbers.length} numbers for one coordinate: ${EXAMPLE}`);
  if (numbers.slice(0, -1).some((one) => one.includes("."))) throw new Unreadable("a fraction before the minutes or seconds");
  const [degrees = 0, minutes = 0, seconds = 0] = numbers.map(Number);
  if (minutes >= 60 || seconds >= 60) throw new Unreadable(`${minutes >= 60 ? `${minutes} minutes` : `${seconds} seconds`}: 60 are the next whole`);
  const whole = Math.round((degrees + minutes / 60 + seconds / 3600) * 1e9) / 1e9;
  return (minus || letter === "S" || letter === "W" ? -1 : 1) * whole;
}
