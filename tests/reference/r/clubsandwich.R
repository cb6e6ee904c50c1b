# Cluster-robust variances of R's clubSandwich and sandwich, as a stored run for tests/reference/test_r.py.
#   python -m tests.reference.r.data FOLDER
#   Rscript tests/reference/r/clubsandwich.R FOLDER tests/reference/r/clubsandwich.json
# Packages from Debian: r-base-core r-cran-clubsandwich r-cran-sandwich r-cran-jsonlite.
suppressMessages({library(clubSandwich); library(sandwich); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
read <- function(name) read.csv(file.path(arguments[1], paste0(name, ".csv")))
KINDS <- c("CR0", "CR1", "CR1S", "CR2", "CR3")

run <- function(formula, data, cluster, terms, weights = NULL) {
  data$w <- if (is.null(weights)) 1 else data[[weights]]
  fit <- if (is.null(weights)) lm(formula, data) else lm(formula, data, weights = w)
  groups <- data[[cluster]]
  club <- lapply(setNames(KINDS, KINDS), function(kind) {
    # Weights are taken as inverse variances. With dummies of effects nested in clusters CR3 has no inverse: null here, see within_effect() below.
    v <- tryCatch(
      if (is.null(weights)) vcovCR(fit, groups, type = kind)
      else vcovCR(fit, groups, type = kind, target = mean(data$w) / data$w, inverse_var = TRUE),
      error = function(e) NULL)
    if (is.null(v)) return(NULL)
    test <- coef_test(fit, v, test = "Satterthwaite", coefs = terms)
    list(se = test$SE, df = test$df_Satt, p = test$p_Satt)
  })
  plain <- NULL
  if (is.null(weights)) {
    kinds <- c("HC0", "HC1", "HC2", "HC3")
    plain <- lapply(setNames(kinds, kinds), function(kind) {
      tryCatch(
        list(adjusted = unname(sqrt(diag(vcovCL(fit, groups, type = kind, cadjust = TRUE))[terms])),
             unadjusted = unname(sqrt(diag(vcovCL(fit, groups, type = kind, cadjust = FALSE))[terms]))),
        error = function(e) NULL)
    })
  }
  list(terms = terms, estimate = unname(coef(fit)[terms]), clubSandwich = club, vcovCL = plain)
}

# Columns less their (weighted) means within the nested effect, time dummies as columns: the same estimate, and
# (I - H)_rr can be inverted. Returns the data and the formula without a constant.
within_effect <- function(data, outcome, terms, effect, time = NULL, weights = NULL) {
  w <- if (is.null(weights)) rep(1, nrow(data)) else data[[weights]]
  columns <- as.matrix(data[c(outcome, terms)])
  dummies <- if (is.null(time)) NULL else model.matrix(~ factor(data[[time]]))[, -1]
  if (!is.null(dummies)) colnames(dummies) <- paste0("t", seq_len(ncol(dummies)))
  columns <- cbind(columns, dummies)
  total <- ave(w, data[[effect]], FUN = sum)
  means <- apply(columns, 2, function(x) ave(w * x, data[[effect]], FUN = sum) / total)
  moved <- data
  moved[colnames(columns)] <- columns - means
  list(data = moved, formula = reformulate(c(terms, colnames(dummies)), outcome, intercept = FALSE))
}
run_within <- function(data, outcome, terms, effect, cluster, time = NULL, weights = NULL) {
  moved <- within_effect(data, outcome, terms, effect, time, weights)
  run(moved$formula, moved$data, cluster, terms, weights)
}

# Weighted least squares as ordinary least squares of columns times the root of the weight. The estimate is the same; CR2 is
# not that of lm(weights = ), whose symmetric root is taken in another space (both are unbiased when the weights are right).
run_root <- function(formula, data, cluster, terms, weights) {
  root <- sqrt(data[[weights]])
  columns <- model.matrix(formula, data) * root
  colnames(columns) <- make.names(colnames(columns))
  moved <- data.frame(columns, outcome. = model.response(model.frame(formula, data)) * root, cluster. = data[[cluster]])
  run(reformulate(colnames(columns), "outcome.", intercept = FALSE), moved, "cluster.", terms)
}

staggered <- read("staggered")
grunfeld <- read("grunfeld")
mtcars <- datasets::mtcars
CO2 <- as.data.frame(datasets::CO2)
CO2$chilled <- as.integer(CO2$Treatment == "chilled")
CO2$plant <- as.character(CO2$Plant)
effects <- log_cost ~ treated + factor(body) + factor(quarter)
cases <- list(
  staggered = run(effects, staggered, "region", "treated"),
  staggered_by_body = run(effects, staggered, "body", "treated"),
  staggered_weighted = run(effects, staggered, "region", "treated", "weight"),
  grunfeld_firm = run(invest ~ value + capital + factor(firm), grunfeld, "firm", c("value", "capital")),
  grunfeld_firm_year = run(invest ~ value + capital + factor(firm) + factor(year), grunfeld, "firm", c("value", "capital")),
  staggered_within = run_within(staggered, "log_cost", "treated", "body", "region", "quarter"),
  staggered_by_body_within = run_within(staggered, "log_cost", "treated", "body", "body", "quarter"),
  staggered_weighted_within = run_within(staggered, "log_cost", "treated", "body", "region", "quarter", "weight"),
  grunfeld_firm_within = run_within(grunfeld, "invest", c("value", "capital"), "firm", "firm"),
  grunfeld_firm_year_within = run_within(grunfeld, "invest", c("value", "capital"), "firm", "firm", "year"),
  mtcars = run(mpg ~ wt + hp, mtcars, "carb", c("wt", "hp")),
  mtcars_weighted = run(mpg ~ wt + hp, mtcars, "carb", c("wt", "hp"), "qsec"),
  staggered_weighted_root = run_root(effects, staggered, "region", "treated", "weight"),
  mtcars_weighted_root = run_root(mpg ~ wt + hp, mtcars, "carb", c("wt", "hp"), "qsec"),
  CO2 = run(uptake ~ conc + chilled, CO2, "plant", c("conc", "chilled"))
)
stored <- list(
  made_by = "tests/reference/r/clubsandwich.R",
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."),
                  clubSandwich = as.character(packageVersion("clubSandwich")),
                  sandwich = as.character(packageVersion("sandwich"))),
  data = list(mtcars = as.list(mtcars[c("mpg", "wt", "hp", "carb", "qsec")]),
              CO2 = as.list(CO2[c("uptake", "conc", "chilled", "plant")])),
  cases = cases
)
write_json(stored, arguments[2], digits = NA, auto_unbox = TRUE, pretty = 1, null = "null")
