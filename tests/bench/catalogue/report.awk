# The table of bench-catalogue, from lines of NAME=VALUE: medians over the turns;
# of max the greatest.  The p99 of rows with a target is held against it.
function field(name,   i, at) {
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		if (substr($i, 1, at - 1) == name)
			return substr($i, at + 1)
	}
	return 0
}

function note(what, value) {
	values[row, what, turn[row]] = value
}

function median(what,   n, i, j, v, sorted) {
	n = turn[row]
	for (i = 1; i <= n; i++) {
		v = values[row, what, i] + 0
		for (j = i - 1; j > 0 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	return n == 0 ? 0 : sorted[int((n + 1) / 2)]
}

function greatest(what,   i, most) {
	for (i = 1; i <= turn[row]; i++)
		if (values[row, what, i] + 0 > most)
			most = values[row, what, i] + 0
	return most
}

BEGIN {
	must["prefix"] = 5
	goal["prefix"] = 3
	must["browse"] = must["item"] = goal["browse"] = goal["item"] = 1
}

{
	row = field("row") (field("name") == "naive" ? " naive" : "")
	if (!(row in turn))
		order[++rows] = row
	turn[row]++
	note("rate", field("requests") / field("seconds"))
	note("p50", field("p50_us") / 1000)
	note("p99", field("p99_us") / 1000)
	note("max", field("max_us") / 1000)
	note("cpu", field("cpu_s") * 1e6 / field("requests"))
}

END {
	printf "# %-14s %9s %8s %8s %8s %9s %s\n", "row", "each s", "p50 ms",
	    "p99 ms", "max ms", "CPU us", "p99 is to be at most"
	for (i = 1; i <= rows; i++) {
		row = order[i]
		printf "# %-14s %9.0f %8.2f %8.2f %8.1f %9.1f %s\n", row,
		    median("rate"), median("p50"), median("p99"),
		    greatest("max"), median("cpu"), !(row in must) ? "" : \
		    sprintf("%g, goal %g: %s", must[row], goal[row], \
		    median("p99") <= goal[row] ? "met" : \
		    median("p99") <= must[row] ? "the must is met" : "missed")
	}
}
